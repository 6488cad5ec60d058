//! What bytes are, by their own word: never by a name or by what a client says.

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The media type.
    pub mime: &'static str,
    /// Width and height in pixels, of an image that browsers show and that runs nothing.
    pub image: Option<(u32, u32)>,
}

/// Images that are shown in the page. Not SVG: it is a document that may hold scripts.
const SHOWN: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

impl Kind {
    /// What the bytes at the start of a file say.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        let mime = infer::get(head).map_or("application/octet-stream", |found| found.mime_type());
        // Markup runs in whoever opens it: nobody is told that it is markup.
        let mime = if mime.starts_with("text/") { "application/octet-stream" } else { mime };
        let size = SHOWN.contains(&mime).then(|| imagesize::blob_size(head).ok()).flatten();
        let image = size.and_then(|size| Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?)));
        Self { mime, image }
    }

    /// Whether it is an image whose size stands further behind than what was looked at.
    pub(crate) fn lacks_size(self) -> bool {
        self.image.is_none() && SHOWN.contains(&self.mime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_the_bytes() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x20\x08\x06\0\0\0";
        let gif = b"GIF89a\x03\0\x05\0\x80\0\0";
        for (head, mime, image) in [
            (&png[..], "image/png", Some((16, 32))),
            (gif, "image/gif", Some((3, 5))),
            (b"%PDF-1.7", "application/pdf", None),
            (b"PK\x03\x04\x14\0\0\0", "application/zip", None),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "application/octet-stream", None),
            (b"<!doctype html><script>1</script>", "application/octet-stream", None),
            (b"<?xml version='1.0'?><svg/>", "application/octet-stream", None),
            (b"plain", "application/octet-stream", None),
            (b"", "application/octet-stream", None),
        ] {
            assert_eq!(Kind::of(head), Kind { mime, image }, "{}", head.escape_ascii());
        }
    }
}
