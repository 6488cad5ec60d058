//! The secrets of the settings and the files of keys.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;

use nix::unistd::geteuid;

use super::finding::Finding;
use crate::config::Config;
use crate::key_files;

/// The number of different bytes below which a secret looks typed rather than drawn. 32 random bytes in hexadecimal have
/// about 16, and those in Base64 more.
const DIFFERENT_BYTES_LOW: usize = 10;

/// Looks at the secrets and the keys.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let secrets = [
        ("[auth] jwt_secret", config.auth.jwt_secret.as_deref()),
        ("[cluster] secret", config.cluster.secret.as_deref()),
        ("[metrics] secret", config.metrics.secret.as_deref()),
    ];
    let mut findings: Vec<Finding> =
        secrets.iter().filter_map(|(setting, secret)| secret.map(|secret| drawn(setting, secret))).collect();
    if !config.server.ephemeral && config.database.url.is_none() {
        findings.extend(file(config));
    }
    findings
}

fn drawn(setting: &str, secret: &str) -> Finding {
    let different = secret.bytes().collect::<HashSet<_>>().len();
    if different < DIFFERENT_BYTES_LOW {
        return Finding::Advice(format!(
            "{setting} has only {different} different characters, and could be guessed. `openssl rand -hex 32` makes a good one."
        ));
    }
    Finding::Good(format!("{setting} is set."))
}

/// The file of the key that tokens are signed with.
fn file(config: &Config) -> Option<Finding> {
    let path = key_files::path(&config.server.data, key_files::TOKEN);
    let found = std::fs::metadata(&path).ok()?;
    let shown = path.display();
    let user = geteuid().as_raw();
    if user != 0 && found.uid() != user {
        let owner = found.uid();
        return Some(Finding::Fault(format!(
            "The key of tokens, {shown}, belongs to the user with the id {owner}, and this is {user}. Run the server as its \
             owner; `chown` gives it to another user."
        )));
    }
    if found.mode() & 0o077 != 0 {
        let mode = found.mode() & 0o7777;
        return Some(Finding::Advice(format!(
            "Other users of this machine can read the key of tokens, {shown} (mode {mode:o}). Whoever has read it can log in \
             as anybody: remove the file, which ends all sessions, and start the server."
        )));
    }
    Some(Finding::Good(format!("The key of tokens, {shown}, is closed to other users.")))
}
