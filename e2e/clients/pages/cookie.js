// A front end of conversations as React apps are built: axios and the socket with `withCredentials`, and a token that only the
// browser sees, in a cookie. No framework, so that it can be read in one go.

const SERVER = new URLSearchParams(location.search).get("server");
const api = axios.create({ baseURL: `${SERVER}/api`, withCredentials: true });
const $ = (selector) => document.querySelector(selector);

let me, socket, open;

const complain = (error) => { $("#errors").textContent += `${error.response?.data?.message ?? error.message ?? error}\n`; };

function item(list, { image, text, id, online }) {
  const element = $(`${list} [data-id="${id}"]`) ?? $(list).appendChild(document.createElement("li"));
  element.dataset.id = id;
  if (online !== undefined) element.dataset.online = online;
  element.replaceChildren();
  if (image) element.append(Object.assign(document.createElement("img"), { src: image, alt: "" }));
  element.append(text);
  return element;
}

const showMessage = (message) => {
  if (message.conversationId !== open) return;
  item("#messages", { id: message._id, image: message.sender.avatar, text: message.content });
  if (message.type !== "image") return;
  const picture = Object.assign(document.createElement("img"), { src: message.fileUrl, alt: message.fileName, className: "file" });
  $(`#messages [data-id="${message._id}"]`).append(picture);
};

function showConversation(conversation) {
  const other = conversation.participants.find(({ _id }) => _id !== me._id);
  const element = item("#conversations", { id: conversation._id, image: other.avatar, text: other.username });
  element.onclick = () => openConversation(conversation._id).catch(complain);
}

async function openConversation(id) {
  open = id;
  $("#messages").replaceChildren();
  const { data } = await api.get(`/messages/${id}`, { params: { page: 1, limit: 50 } });
  data.messages.forEach(showMessage);
  socket.emit("mark_read", { conversationId: id, messageIds: data.messages.map(({ _id }) => _id) });
  $("#messages").dataset.open = id;
}

const isOnline = (id, online) => $(`#people [data-id="${id}"]`)?.setAttribute("data-online", online);

/** Loads everything, if the cookie says who one is. */
async function enter() {
  me = (await api.get("/auth/me")).data.user;
  $("#account").hidden = true;
  $("main").hidden = false;
  $("#me").textContent = me.username;
  $("#avatar").src = me.avatar;
  for (const user of (await api.get("/users")).data.users) {
    const element = item("#people", { id: user._id, image: user.avatar, text: user.username, online: user.status === "online" });
    element.onclick = async () => {
      const { data } = await api.post("/conversations", { participantId: user._id });
      socket.emit("join_conversations", [data.conversation._id]);
      showConversation(data.conversation);
    };
  }
  const { conversations } = (await api.get("/conversations")).data;
  conversations.forEach(showConversation);
  socket = io(SERVER, { withCredentials: true });
  socket.on("connect_error", complain);
  socket.on("error", complain);
  socket.on("connect", () => {
    socket.emit("join_conversations", conversations.map(({ _id }) => _id));
    $("main").dataset.connected = "true";
  });
  socket.on("receive_message", ({ message }) => showMessage(message));
  socket.on("conversation_created", ({ conversation }) => showConversation(conversation));
  socket.on("online_users", (ids) => ids.forEach((id) => isOnline(id, true)));
  socket.on("user_online", ({ userId }) => isOnline(userId, true));
  socket.on("user_offline", ({ userId }) => isOnline(userId, false));
}

function send(message) {
  socket.emit("send_message", { conversationId: open, ...message }, (answer) => {
    if (answer.success) showMessage(answer.message);
    else complain(answer.message);
  });
}

$("#account").elements.register.onclick = () => {
  api.post("/auth/register", Object.fromEntries(new FormData($("#account"))))
    .then(() => { $("#account").dataset.registered = "true"; }, complain);
};

$("#account").onsubmit = (event) => {
  event.preventDefault();
  const { email, password } = Object.fromEntries(new FormData(event.target));
  api.post("/auth/login", { email, password }).then(enter).catch(complain);
};

$("#composer").onsubmit = (event) => {
  event.preventDefault();
  send({ content: event.target.elements.text.value, type: "text" });
  event.target.reset();
};

$("#composer").elements.file.onchange = ({ target }) => {
  const [file] = target.files;
  socket.emit("upload_file", { conversationId: open, fileName: file.name, data: file }, (answer) => {
    if (!answer.success) complain(answer.message);
    else send({ content: "", type: "image", fileUrl: answer.fileUrl, fileName: answer.fileName });
  });
};

$("#logout").onclick = async () => {
  await api.post("/auth/logout");
  socket.disconnect();
  location.reload();
};

enter().catch((error) => {
  if (error.response?.status !== 401) complain(error);
  document.body.dataset.ready = "true";
});
