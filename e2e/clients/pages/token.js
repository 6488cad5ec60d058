// A front end of chats with `fetch`: the token lies in `localStorage`, and `credentials: "include"` is there because a page on
// the web once said so.

const SERVER = new URLSearchParams(location.search).get("server");
const $ = (selector) => document.querySelector(selector);

let me, socket, open;

const complain = (error) => { $("#errors").textContent += `${error.message ?? error}\n`; };

async function call(path, method = "GET", body) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const token = localStorage.getItem("token");
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(`${SERVER}/api${path}`, { method, headers, credentials: "include", body: body && JSON.stringify(body) });
  const data = await response.json();
  if (!response.ok) throw new Error(data.message);
  return data;
}

function item(list, id, image, text) {
  const element = $(`${list} [data-id="${id}"]`) ?? $(list).appendChild(document.createElement("li"));
  element.dataset.id = id;
  element.replaceChildren(Object.assign(document.createElement("img"), { src: image, alt: "" }), text);
  return element;
}

function showMessage(message) {
  if (message.chat_id !== open) return;
  const element = item("#messages", message.id, message.sender.avatar_url, message.content);
  if (message.message_type !== "image") return;
  element.append(Object.assign(document.createElement("img"), { src: message.fileUrl, alt: message.fileName, className: "file" }));
}

function showChat(chat) {
  const other = chat.participants.find(({ id }) => id !== me.id);
  item("#conversations", chat.id, other.avatar_url, chat.name ?? other.username).onclick = () => openChat(chat.id).catch(complain);
  socket?.emit("chat:join", { chatId: chat.id });
}

async function openChat(id) {
  open = id;
  $("#messages").replaceChildren();
  (await call(`/chats/${id}/messages?limit=50&offset=0`)).messages.forEach(showMessage);
  socket.emit("message:read", { chatId: id });
  $("#messages").dataset.open = id;
}

async function enter() {
  me = (await call("/auth/me")).user;
  $("#account").hidden = true;
  $("main").hidden = false;
  $("#me").textContent = me.username;
  $("#avatar").src = me.avatar_url;
  socket = io(SERVER, { auth: { token: localStorage.getItem("token") }, transports: ["websocket", "polling"], withCredentials: true });
  socket.on("connect_error", complain);
  socket.on("error", complain);
  socket.on("connect", () => { $("main").dataset.connected = "true"; });
  socket.on("message:new", showMessage);
  socket.on("chat:created", ({ chat }) => showChat(chat));
  socket.on("users:online", (ids) => { $("main").dataset.online = ids.join(" "); });
  (await call("/chats")).chats.forEach(showChat);
}

$("#search").onchange = async ({ target }) => {
  $("#people").replaceChildren();
  for (const user of (await call(`/users/search?q=${encodeURIComponent(target.value)}`)).users) {
    item("#people", user.id, user.avatar_url, user.username).onclick = async () => {
      const { data } = await call("/chats", "POST", { type: "direct", participantIds: [user.id] });
      showChat(data);
    };
  }
};

const account = () => Object.fromEntries(new FormData($("#account")));

$("#account").elements.register.onclick = () => {
  call("/auth/register", "POST", account()).then(() => { $("#account").dataset.registered = "true"; }, complain);
};

$("#account").onsubmit = (event) => {
  event.preventDefault();
  const { email, password } = account();
  call("/auth/login", "POST", { email, password })
    .then(({ token }) => localStorage.setItem("token", token)).then(enter).catch(complain);
};

$("#composer").onsubmit = (event) => {
  event.preventDefault();
  socket.emit("message:send", { chatId: open, content: event.target.elements.text.value, messageType: "text" });
  event.target.reset();
};

$("#logout").onclick = async () => {
  await call("/auth/logout", "POST", {});
  localStorage.removeItem("token");
  location.reload();
};

if (localStorage.getItem("token")) enter().catch(complain);
else document.body.dataset.ready = "true";
