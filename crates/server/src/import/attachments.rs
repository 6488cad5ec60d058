//! What a line names as a file: a link to another server, or a file in the folder of files, which is moved here.
//!
//! What must stay true: nothing outside of that folder is read, because people of the other back end may have written the path.

use std::path::{Component, Path, PathBuf};

use quintet_domain::limits::FILE_BYTES_MAX;
use quintet_domain::validate_link;

/// What a line names as a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Attachment {
    /// A link that is kept as it is.
    Link(String),
    /// The path of a file that is uploaded.
    File(PathBuf),
}

/// Finds what a field names. A text that is no link with a scheme is a path in the folder, with or without a slash in front.
///
/// # Errors
/// A sentence that names the field.
pub(super) fn find(field: &str, text: &str, folder: Option<&Path>) -> Result<Attachment, String> {
    if text.contains("://") || text.starts_with("//") {
        validate_link(field, text).map_err(|refusal| refusal.message)?;
        return Ok(Attachment::Link(text.to_owned()));
    }
    let Some(folder) = folder else {
        return Err(format!("`{field}` is a path: name the folder of the files by --files"));
    };
    let path = Path::new(text.trim_start_matches('/'));
    let missing = || format!("`{field}` names `{text}`, which is no file in {}", folder.display());
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(missing());
    }
    // Links are followed, so that one could lead out of the folder.
    let found = folder.canonicalize().and_then(|folder| folder.join(path).canonicalize().map(|path| (folder, path)));
    let (folder, path) = found.map_err(|_| missing())?;
    let size = path.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len());
    match size.filter(|_| path.starts_with(&folder)) {
        None => Err(missing()),
        Some(0) => Err(format!("`{field}` names an empty file: `{text}`")),
        Some(size) if size > FILE_BYTES_MAX => {
            Err(format!("`{field}` names a file of more than {FILE_BYTES_MAX} bytes: `{text}`"))
        }
        Some(_) => match std::fs::File::open(&path) {
            Ok(_) => Ok(Attachment::File(path)),
            Err(error) => Err(format!("`{field}` names a file that cannot be read: `{text}`: {error}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_from_the_folder_alone() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("uploads");
        std::fs::create_dir_all(folder.join("2024")).expect("made");
        std::fs::write(folder.join("2024/a photo.png"), "png").expect("written");
        std::fs::write(place.path().join("secret"), "secret").expect("written");
        std::os::unix::fs::symlink(place.path().join("secret"), folder.join("link")).expect("linked");
        let find = |text: &str| find("fileUrl", text, Some(&folder));
        let path = folder.canonicalize().expect("there").join("2024/a photo.png");
        for text in ["2024/a photo.png", "/2024/a photo.png"] {
            assert_eq!(find(text), Ok(Attachment::File(path.clone())));
        }
        for text in ["2024", "", "../secret", "2024/../../secret", "link", "missing", "/etc/passwd"] {
            let said = find(text).expect_err(text);
            assert_eq!(said, format!("`fileUrl` names `{text}`, which is no file in {}", folder.display()));
        }
        assert_eq!(find("https://cdn.example.org/a"), Ok(Attachment::Link("https://cdn.example.org/a".to_owned())));
        for text in ["http://old.example.org/a.png", "file:///etc/passwd", "//old.example.org/a.png"] {
            assert!(find(text).expect_err(text).contains("must be an https link"), "{text}");
        }
    }
}
