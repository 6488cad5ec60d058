//! The media type of a file and the dimensions of an image.
//!
//! What must stay true: they are recognised by the bytes alone, never by a name or by what a client claims.

/// The type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The media type, such as `image/png`.
    pub mime: &'static str,
    /// Width and height in pixels; none unless it is an image that browsers can show safely.
    pub image: Option<(u32, u32)>,
}

/// Types of images that browsers show in a page. SVG is not one of them, because it may contain scripts.
const SHOWN: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

impl Kind {
    /// Recognises a file by the bytes at its start.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        let mime = infer::get(head).map_or("application/octet-stream", |found| found.mime_type());
        // A browser would run the scripts of markup, so markup is not named as such.
        let mime = if mime.starts_with("text/") { "application/octet-stream" } else { mime };
        let size = SHOWN.contains(&mime).then(|| imagesize::blob_size(head).ok()).flatten();
        let image = size.and_then(|size| Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?)));
        Self { mime, image }
    }

    /// Returns whether this is an image whose dimensions were not among the examined bytes.
    pub(crate) fn lacks_dimensions(self) -> bool {
        self.image.is_none() && SHOWN.contains(&self.mime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_recognised_by_their_bytes() {
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
