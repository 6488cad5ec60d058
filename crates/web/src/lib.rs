//! The web client inside the binary: the chat at `/`, the playground at `/playground`, their files under `/assets/`,
//! the service worker at `/service-worker.js`, and the Socket.IO client at the paths where official servers have it.
//!
//! What must stay true: a page loads nothing from other servers, which its Content-Security-Policy enforces. A file
//! with the hash of its content in its name may be cached for ever; all others are revalidated on each request.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use quintet_input::codings;

/// How long clients may cache a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caching {
    /// The name of the file changes with its content, so that it may be cached for ever.
    Forever,
    /// Clients revalidate the file on each request, by its entity tag.
    Revalidated,
}

/// A file that is served, in each encoding that makes it smaller.
struct File {
    path: &'static str,
    mime: &'static str,
    tag: &'static str,
    caching: Caching,
    /// The Content-Security-Policy of a page.
    policy: Option<&'static str>,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Answers a request for a file of the web client. Returns `None` if the path is not one of the client's, or if `/` is
/// requested by a client that does not accept HTML: other clients use it to check that the server is there. `pictures`
/// is an additional image source, in the syntax of a Content-Security-Policy, for links to files in a bucket.
#[must_use]
pub fn respond(method: &Method, path: &str, headers: &HeaderMap, pictures: Option<&str>) -> Option<Response<Bytes>> {
    if method != Method::GET && method != Method::HEAD {
        return None;
    }
    let file = FILES.iter().find(|file| file.path == path)?;
    if path == "/" && !lists(headers, &header::ACCEPT, "text/html") {
        return None;
    }
    Some(answer(file, StatusCode::OK, method, headers, pictures))
}

/// The name of the page for addresses at which there is nothing, which is no path of a request.
const LOST: &str = "lost.html";

/// Answers a request for an address at which there is nothing: a page with status 404 for whoever accepts HTML, which are
/// people. Returns `None` for programs.
#[must_use]
pub fn lost(method: &Method, headers: &HeaderMap) -> Option<Response<Bytes>> {
    if (method != Method::GET && method != Method::HEAD) || !lists(headers, &header::ACCEPT, "text/html") {
        return None;
    }
    let file = FILES.iter().find(|file| file.path == LOST)?;
    let mut response = answer(file, StatusCode::NOT_FOUND, method, headers, None);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    Some(response)
}

/// Answers with a file.
fn answer(
    file: &File,
    status: StatusCode,
    method: &Method,
    headers: &HeaderMap,
    pictures: Option<&str>,
) -> Response<Bytes> {
    let path = file.path;
    let (body, encoding) = encoded(file, headers);
    let is_found = status == StatusCode::OK;
    let known = is_found
        && headers.get(header::IF_NONE_MATCH).is_some_and(|tags| {
            tags.to_str().unwrap_or_default().split(',').any(|tag| matches!(tag.trim(), "*") || tag.trim() == file.tag)
        });
    let mut response = Response::new(if known || method == Method::HEAD { Bytes::new() } else { body });
    *response.status_mut() = if known { StatusCode::NOT_MODIFIED } else { status };
    let set = response.headers_mut();
    let text = HeaderValue::from_static;
    set.insert(header::CONTENT_TYPE, text(file.mime));
    set.insert(header::ETAG, text(file.tag));
    set.insert(header::VARY, text(if path == "/" { "accept, accept-encoding" } else { "accept-encoding" }));
    set.insert(header::X_CONTENT_TYPE_OPTIONS, text("nosniff"));
    let caching = match file.caching {
        Caching::Forever => "public, max-age=31536000, immutable",
        Caching::Revalidated => "no-cache",
    };
    set.insert(header::CACHE_CONTROL, text(caching));
    if let Some(encoding) = encoding {
        set.insert(header::CONTENT_ENCODING, text(encoding));
    }
    match file.policy {
        Some(policy) => {
            let wider = pictures.map(|source| policy.replace("img-src 'self'", &format!("img-src 'self' {source}")));
            let policy = wider.and_then(|policy| HeaderValue::from_str(&policy).ok()).unwrap_or_else(|| text(policy));
            set.insert(header::CONTENT_SECURITY_POLICY, policy);
            set.insert(header::REFERRER_POLICY, text("no-referrer"));
            set.insert(header::HeaderName::from_static("cross-origin-opener-policy"), text("same-origin"));
        }
        // Pages from any origin may load the scripts, as from official servers.
        None => {
            set.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, text("*"));
        }
    }
    response
}

/// Returns the smallest body that the client accepts, and its encoding.
fn encoded(file: &File, headers: &HeaderMap) -> (Bytes, Option<&'static str>) {
    let [brotli, gzip] = ["br", "gzip"].map(|coding| codings::weight(headers, coding));
    match (file.brotli, file.gzip) {
        (Some(bytes), _) if brotli > 0 && (brotli >= gzip || file.gzip.is_none()) => {
            (Bytes::from_static(bytes), Some("br"))
        }
        (_, Some(bytes)) if gzip > 0 => (Bytes::from_static(bytes), Some("gzip")),
        _ => (Bytes::from_static(file.plain), None),
    }
}

/// Returns whether a header lists a value without excluding it by `q=0` (RFC 9110, section 12.4.2).
fn lists(headers: &HeaderMap, name: &header::HeaderName, value: &str) -> bool {
    headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).any(|part| {
        let mut parts = part.split(';').map(str::trim);
        let named = parts.next().is_some_and(|first| first.eq_ignore_ascii_case(value));
        let refused = parts.any(|rest| {
            let weight = rest.strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
            weight.is_some_and(|weight| weight <= 0.0)
        });
        named && !refused
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use super::*;

    fn get(path: &str, headers: &[(header::HeaderName, &'static str)]) -> Option<Response<Bytes>> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        respond(&Method::GET, path, &headers, None)
    }

    #[test]
    fn a_page_runs_only_its_own_scripts() {
        let page = get("/", &[(header::ACCEPT, "text/html,*/*;q=0.8")]).unwrap();
        let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let html = std::str::from_utf8(page.body()).unwrap();
        assert!(!html.contains("asset:") && !html.contains("http:") && !html.contains("https:"), "{html}");
        assert!(get("/", &[]).is_none(), "a client that accepts no HTML is answered by the server");
        assert!(get("/", &[(header::ACCEPT, "text/html;q=0")]).is_none());
        assert!(get("/nothing", &[(header::ACCEPT, "text/html")]).is_none());
        assert!(respond(&Method::POST, "/playground", &HeaderMap::new(), None).is_none());
        let wider = respond(&Method::GET, "/playground", &HeaderMap::new(), Some("https://files.example.org")).unwrap();
        let policy = wider.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("img-src 'self' https://files.example.org blob:;"), "{policy}");
    }

    #[test]
    fn every_file_that_a_page_names_exists_and_is_cached_for_ever() {
        for page in ["/", "/playground"] {
            let page = get(page, &[(header::ACCEPT, "text/html")]).unwrap();
            let html = std::str::from_utf8(page.body()).unwrap();
            let named: Vec<&str> = html.split('"').filter(|text| text.starts_with("/assets/")).collect();
            let hashed = |path: &&&str| path.split('.').count() > 2 && path.split('.').any(|part| part.len() == 12);
            assert!(named.len() > 20, "{html}");
            for path in named.iter().filter(hashed) {
                let file = get(path, &[]).unwrap_or_else(|| panic!("{path} is not there"));
                assert_eq!(file.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
            }
        }
    }

    /// Its scope is the folder of its path, and a browser asks for it again to find a new version.
    #[test]
    fn the_service_worker_is_at_the_root_and_loads_only_from_here() {
        let worker = get("/service-worker.js", &[]).unwrap();
        let header = |name| worker.headers()[name].to_str().unwrap();
        assert_eq!(header(header::CONTENT_TYPE), "text/javascript; charset=utf-8");
        assert_eq!(header(header::CONTENT_SECURITY_POLICY), "default-src 'none'; connect-src 'self'");
        assert_eq!(header(header::CACHE_CONTROL), "no-cache");
        let text = std::str::from_utf8(worker.body()).unwrap();
        assert!(text.contains("showNotification") && imports_nothing(text), "{text}");
    }

    fn imports_nothing(text: &str) -> bool {
        !text.contains("import ") && !text.contains("importScripts")
    }

    /// The files that a browser loads at once: those that an attribute of the page names.
    fn loaded_at_once(html: &str) -> Vec<&str> {
        let mut files: Vec<&str> = html
            .split(['=', '>', ' '])
            .filter_map(|text| text.strip_prefix('"')?.strip_suffix('"'))
            .filter(|text| text.starts_with("/assets/"))
            .collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    fn html_of(page: &str) -> String {
        let page = get(page, &[(header::ACCEPT, "text/html")]).unwrap();
        std::str::from_utf8(page.body()).unwrap().to_owned()
    }

    #[test]
    fn a_wrong_address_is_a_page_for_people_and_nothing_for_programs() {
        let lost = |method, accept| {
            super::lost(&method, &HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
        };
        let page = lost(Method::GET, "text/html,*/*;q=0.8").unwrap();
        assert_eq!(page.status(), StatusCode::NOT_FOUND);
        let html = std::str::from_utf8(page.body()).unwrap();
        assert!(
            html.contains("There is no page here.") && !html.contains("asset:") && !html.contains("<script"),
            "{html}"
        );
        assert!(page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none';"));
        assert!(lost(Method::GET, "application/json").is_none() && lost(Method::POST, "text/html").is_none());
        assert!(get("/lost.html", &[]).is_none(), "it has no address of its own");
    }

    #[test]
    fn an_installed_page_has_icons_that_are_there() {
        let manifest = |at| {
            let manifest = get(at, &[]).unwrap();
            assert_eq!(manifest.headers()[header::CONTENT_TYPE], "application/manifest+json");
            std::str::from_utf8(manifest.body()).unwrap().to_owned()
        };
        let text = manifest("/app.webmanifest");
        let icons: Vec<&str> = text.split('"').filter(|text| text.starts_with("/assets/icons/")).collect();
        assert_eq!(icons.len(), 4, "{text}");
        assert!(icons.iter().all(|path| get(path, &[]).is_some()), "{icons:?}");
        // Another language says the same: only its words differ.
        let skeleton = |text: &str| {
            let said = ["\"lang\"", "\"description\"", "{ \"name\""];
            text.lines()
                .filter(|line| !said.iter().any(|start| line.trim_start().starts_with(start)))
                .collect::<String>()
        };
        let german = manifest("/app.de.webmanifest");
        let links =
            |text: &str| text.split('"').filter(|part| part.starts_with("/#/")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!((skeleton(&german), links(&german)), (skeleton(&text), links(&text)));
        assert!(german.contains("Neue Unterhaltung") && links(&german).len() == 3, "{german}");
    }

    #[test]
    fn a_first_load_is_small() {
        for page in ["/", "/playground"] {
            let takes = [(header::ACCEPT, "text/html"), (header::ACCEPT_ENCODING, "gzip")];
            let html = html_of(page);
            let files = loaded_at_once(&html);
            assert!(files.len() > 10, "{files:?}");
            let sizes = files.iter().map(|path| get(path, &takes).unwrap().body().len());
            let bytes = get(page, &takes).unwrap().body().len() + sizes.sum::<usize>();
            assert!(bytes < 180_000, "{page} is {bytes} bytes");
        }
    }

    /// A module that is imported only by `import("…")` has its name in the import map, so that it is found, but nothing in
    /// the page lets the browser load it at once.
    #[test]
    fn what_is_seldom_needed_is_loaded_when_it_is() {
        let html = html_of("/");
        let map = html.split("<script type=\"importmap\">").nth(1).unwrap().split("</script>").next().unwrap();
        let at_once = loaded_at_once(&html);
        for (module, is_first) in [
            ("ui/app", true),
            ("ui/parts", true),
            ("ui/lightbox", false),
            ("ui/meetupspage", false),
            ("texts/de", false),
        ] {
            let mapped =
                map.split(&format!("\"/assets/js/{module}.js\":\"")).nth(1).and_then(|rest| rest.split('"').next());
            let path = mapped.unwrap_or_else(|| panic!("{module} is not in {map}"));
            assert_eq!(at_once.contains(&path), is_first, "{path}");
            assert!(get(path, &[]).is_some(), "{path}");
        }
    }

    #[test]
    fn the_smallest_accepted_encoding_is_chosen() {
        let encoding = |accepted| {
            let found = get("/socket.io/socket.io.js", &[(header::ACCEPT_ENCODING, accepted)]).unwrap();
            let encoding = found.headers().get(header::CONTENT_ENCODING).map(|name| name.to_str().unwrap().to_owned());
            (encoding.unwrap_or_default(), found.body().len())
        };
        let [(br, smallest), (gzip, small), (plain, whole)] =
            [encoding("gzip, br"), encoding("gzip, br;q=0"), encoding("")];
        assert_eq!((br.as_str(), gzip.as_str(), plain.as_str()), ("br", "gzip", ""));
        assert!(smallest < small && small < whole);
        for (accepted, expected) in [("gzip;q=0", ""), ("gzippy, brr", ""), ("*", "br"), ("br;q=0.1, gzip", "gzip")] {
            assert_eq!(encoding(accepted).0, expected, "{accepted}");
        }
    }

    #[test]
    fn an_unchanged_file_is_not_sent_again() {
        let first = get("/socket.io/socket.io.min.js", &[]).unwrap();
        let tag = first.headers()[header::ETAG].clone();
        let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, tag)]);
        let again = respond(&Method::GET, "/socket.io/socket.io.min.js", &headers, None).unwrap();
        assert_eq!((again.status(), again.body().len()), (StatusCode::NOT_MODIFIED, 0));
    }
}
