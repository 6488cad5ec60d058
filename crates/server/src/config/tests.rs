//! Tests of the configuration: its sources, its checks, and what it says about a value that is wrong.
//!
//! What must stay true: whatever cannot be understood names itself: the variable or the file, the key, and the value.

use super::environment::{Kind, SETTINGS};
use super::sections::AWS;
use super::*;

fn laid(file: &str, environment: &[(&str, &str)]) -> Result<(Config, Sources), String> {
    let environment = variables_of(environment.iter().map(|(name, value)| (name.into(), value.into())))?;
    Config::overlaid(file.parse().expect("TOML"), "quintet.toml", &environment)
}

fn checked(file: &str, environment: &[(&str, &str)]) -> Result<(), String> {
    let (config, sources) = laid(file, environment)?;
    config.check().map_err(|fault| fault.describe(&config.table(), &sources))
}

fn parsed(file: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    Ok(laid(file, environment)?.0)
}

#[test]
fn a_page_shows_pictures_from_where_files_are_kept() {
    let source = |file: &str| parsed(file, &[]).expect("good").files.source();
    assert_eq!(source(""), None);
    assert_eq!(source("[files]\nbucket = 'chat'").as_deref(), Some(AWS));
    let own = "[files]\nbucket = 'chat'\nendpoint = 'https://s3.example.org:9000/path'";
    assert_eq!(source(own).as_deref(), Some("https://s3.example.org:9000"));
    assert_eq!(source("[files]\nbucket = 'chat'\nendpoint = 'https://a; script-src *'"), None);
}

#[test]
fn the_environment_overrides_the_file() {
    let config = parsed("[limits]\nrates = true", &[("QUINTET_LIMITS_RATES", "false"), ("OTHER", "x")]);
    assert!(!config.expect("good").limits.rates);
    let config = parsed("", &[("QUINTET_SERVER_LISTEN", "3000 0.0.0.0:5000=meetup,trust")]).expect("good");
    assert_eq!(config.server.listen.len(), 2);
    assert!(config.server.listen[1].trust);
}

#[test]
fn origins() {
    for good in [
        "https://chat.example.org",
        "https://chat.example.org:443",
        "https://Chat.example.org",
        "http://localhost:5173",
        "http://[::1]:3000",
        "capacitor://localhost",
    ] {
        assert_eq!(check_origin(good), Ok(()), "{good}");
    }
    for bad in ["*", "chat.example.org", "https://chat.example.org/", "https://", "null"] {
        assert!(check_origin(bad).is_err_and(|why| why.contains(&format!("`{bad}`"))), "{bad}");
    }
}

#[test]
fn secrets_and_what_goes_with_them() {
    let checked = |file: &str| checked(file, &[]);
    let refused = |file: &str| checked(file).expect_err(file);
    assert!(refused("[auth]\njwt_secret = ''").contains("is empty"));
    let short = format!("[auth]\njwt_secret = '{}'", "s".repeat(31));
    assert!(refused(&short).contains("has 31 bytes"), "{}", refused(&short));
    assert_eq!(checked(&format!("{short}\nallow_short_secret = true")), Ok(()));
    let long = format!("[auth]\njwt_secret = '{}'", "s".repeat(32));
    assert_eq!(checked(&format!("{long}\nissuer = 'a'\naudience = 'b'\nrequired_claims = ['c', 'd=e']")), Ok(()));
    assert!(refused(&format!("{long}\nrequired_claims = ['=x']")).contains("`=x`"));
    assert_eq!(checked(&format!("{long}\nsign_with = 'shared'")), Ok(()));
    assert!(refused("[auth]\nsign_with = 'shared'").contains("needs a jwt_secret"));
    assert!(refused("[auth]\nissuer = 'a'").contains("no jwt_secret"));
}

#[test]
fn an_unknown_key_is_named() {
    let message = |result: Result<Config, String>| result.expect_err("refused");
    assert!(message(parsed("[limits]\nspeed = 1", &[])).contains("speed"));
    assert!(message(parsed("[limit]\nrates = true", &[])).contains("limit"));
    assert!(message(parsed("", &[("QUINTET_LIMITS_SPEED", "1")])).contains("QUINTET_LIMITS_SPEED"));
    assert!(message(parsed("", &[("QUINTET_LIMITS_RATES", "maybe")])).contains("true or false"));
}

#[test]
fn an_error_names_where_the_value_came_from() {
    let file = "[people]\nadded_per_day = 5\n[limits]\nrates = true";
    for (name, value, part) in [
        ("QUINTET_PEOPLE_ADDED_PER_DAY", "-1", "-1"),
        ("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.1 10.0.0.0/33", "`10.0.0.0/33` is neither"),
        ("QUINTET_LIMITS_FORWARDED_HEADER", "x-real-ip", "`x-forwarded-for` or `forwarded`"),
        ("QUINTET_SERVER_LISTEN", "0=irc", "the dialect must be"),
        ("QUINTET_AUTH_REGISTRATION", "maybe", "maybe"),
        (
            "QUINTET_PEOPLE_CONTACT",
            "friends",
            "unknown variant `friends`, expected one of `everyone`, `shared`, `requests`",
        ),
        ("QUINTET_MODERATION_FILE", "/nowhere/lists.txt", "[moderation] file `/nowhere/lists.txt`: No such file"),
        ("QUINTET_METRICS_LISTEN", "nowhere", "nowhere"),
        ("QUINTET_CLUSTER_BUS", "kafka", "neither `postgres` nor a URL"),
        ("QUINTET_CLUSTER_BUS", "redis://127.0.0.1", "[database] url names none"),
        ("QUINTET_CLUSTER_ADVERTISE", "nowhere", "`nowhere` is not HOST:PORT"),
        ("QUINTET_CLUSTER_ADVERTISE", "10.0.0.5:7000", "[database] url names none"),
        ("QUINTET_CLUSTER_SECRET", "short", "[cluster] secret has 5 bytes"),
        ("QUINTET_LIMITS_QUEUE_BYTES", "1", "[limits] queue_bytes must be"),
        ("QUINTET_TLS_KEY", "key.pem", "[tls] cert and key"),
        ("QUINTET_AUTH_JWT_SECRET", "short", "[auth] jwt_secret has 5 bytes"),
        ("QUINTET_HTTP_ORIGINS", "*", "[http] origins: `*`"),
        ("QUINTET_AUTH_PASSWORD_LENGTH_MIN", "5", "(password_length_min is 5)"),
        // A value that the limits contain as a text.
        ("QUINTET_AUTH_TOKEN_DAYS", "0", "token_days must be from 1 to 36500 (token_days is 0)"),
        ("QUINTET_AUTH_PASSWORD_LENGTH_MIN", "six", "must be a whole number, not `six`"),
        ("QUINTET_AUTH_COOKIE", "a b", "[auth] cookie: `a b` is not the name of a cookie"),
        ("QUINTET_AUTH_COOKIE", "token", "[auth] cookie needs [http] origins"),
        ("QUINTET_OUTBOUND_ALLOW", "10.0.0.0/8 intranet", "[outbound] allow: `intranet` is neither"),
        ("QUINTET_HOOKS_BEFORE_SEND", "https://hook.example.org", "[hooks] before_send needs a secret"),
        ("QUINTET_HOOKS_BEFORE_SEND", "http://hook.example.org", "[hooks] before_send must be an https URL"),
        ("QUINTET_HOOKS_BEFORE_SEND", "https://10.0.0.1", "10.0.0.1 is a private address"),
        ("QUINTET_HOOKS_SECRET", "whsec_c2hvcnQ=", "[hooks] secret must be `whsec_`"),
        ("QUINTET_HOOKS_TIMEOUT_MS", "5001", "[hooks] timeout_ms must be from 100 to 5000 (timeout_ms is 5001)"),
        ("QUINTET_HOOKS_ON_FAILURE", "maybe", "expected `allow` or `refuse`"),
        ("QUINTET_TELEMETRY_SAMPLE_RATIO", "1.5", "[telemetry] sample_ratio must be from 0 to 1 (sample_ratio is 1.5)"),
        ("QUINTET_TELEMETRY_SAMPLE_RATIO", "half", "must be a number, not `half`"),
        ("QUINTET_TELEMETRY_METRICS_SECONDS", "90000", "[telemetry] metrics_seconds must be at most 86400"),
        ("QUINTET_TELEMETRY_HEADERS", "key=1", "[telemetry] headers are for a collector"),
        ("QUINTET_RETENTION_GROUP_DAYS", "36501", "[retention] group_days must be at most 36500; 0 is for ever"),
        ("QUINTET_RETENTION_ROOM_DAYS", "a week", "must be a whole number, not `a week`"),
        ("QUINTET_LOG_FILTER", "a=b=c", "[log] filter `a=b=c`"),
        ("QUINTET_LOG_FILTER", "quintet[span]=debug", "`quintet[span]=debug` is neither a level"),
        ("QUINTET_LOG_FILTER", "warn quintet::login=info", "is neither a level"),
    ] {
        let why = checked(file, &[(name, value)]).expect_err(name);
        assert!(why.starts_with(&format!("the environment variable {name}")) && why.contains(part), "{why}");
    }
    let of_file = |file: &str| checked(file, &[("QUINTET_LIMITS_RATES", "false")]).expect_err(file);
    assert!(of_file("[people]\nadded_per_day = -1").starts_with("quintet.toml: "));
    let proxies = of_file("[limits]\ntrusted_proxies = ['10.0.0.0/33']");
    assert!(proxies.contains("trusted_proxies") && proxies.contains("`10.0.0.0/33`"), "{proxies}");
    let said = of_file("[limits]\nqueue_bytes = 1");
    assert_eq!(said, "quintet.toml: [limits] queue_bytes must be at least 65536 (queue_bytes is 1)");
    let said = of_file("[auth]\npassword_length_min = 5");
    assert!(said.starts_with("quintet.toml: [auth] password_length_min must be from 6 to 64 characters"), "{said}");
    assert!(said.ends_with("(password_length_min is 5)"), "{said}");
    let said = of_file("[auth]\njwt_secret = 'topsecret'");
    assert!(said.starts_with("quintet.toml: [auth] jwt_secret has 9 bytes") && !said.contains("topsecret"), "{said}");
    for (file, key, value) in [
        ("[limits]\nqueue_bytes = 'many'", "limits.queue_bytes", "many"),
        ("[auth]\npassword_length_min = -1", "auth.password_length_min", "-1"),
        ("[auth]\nregistration = 'maybe'", "auth.registration", "maybe"),
        ("[http]\norigins = 'https://a.example'", "http.origins", "https://a.example"),
    ] {
        let said = of_file(file);
        let names = said.starts_with("quintet.toml: ") && said.contains(key) && said.contains(value);
        assert!(names && said.contains("expected"), "{said}");
    }
    let bucket = checked("", &[("QUINTET_FILES_BUCKET", "chat")]);
    assert_eq!(bucket.is_ok(), cfg!(feature = "s3"), "{bucket:?}");
    if let Err(why) = bucket {
        assert!(why.contains("QUINTET_FILES_BUCKET: [files]") && why.contains("--features s3"), "{why}");
    }
    let collector = |endpoint| checked("", &[("QUINTET_TELEMETRY_OTLP_ENDPOINT", endpoint)]);
    let good = collector("http://127.0.0.1:4318");
    assert_eq!(good.is_ok(), cfg!(feature = "otlp"), "{good:?}");
    if let Err(why) = good {
        assert!(
            why.contains("QUINTET_TELEMETRY_OTLP_ENDPOINT: [telemetry]") && why.contains("--features otlp"),
            "{why}"
        );
    } else {
        for bad in ["collector:4318", "ftp://collector", "http://user:key@collector", "/v1/traces"] {
            let why = collector(bad).expect_err(bad);
            assert!(why.contains(&format!("`{bad}` is not the address of a collector")), "{why}");
        }
    }
    let both = [("QUINTET_FILES_ENDPOINT", "https://s3.example.org"), ("QUINTET_FILES_REGION", "x")];
    let why = checked("", &both).expect_err("no bucket");
    assert!(why.contains("QUINTET_FILES_ENDPOINT, QUINTET_FILES_REGION: [files]"), "{why}");
}

#[test]
fn empty_variables_are_not_set() {
    let empty = ["", " ", "\t\n"];
    for ((table, key, _), value) in SETTINGS.iter().flat_map(|setting| empty.map(|value| (setting, value))) {
        let name = format!("QUINTET_{}_{}", table.to_uppercase(), key.to_uppercase());
        let (config, sources) = laid("", &[(&name, value)]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let variables = sources.variables;
        assert_eq!((config.shown(), variables.len()), (Config::default().shown(), 0), "{name}");
    }
    assert!(!parsed("[limits]\nrates = false", &[("QUINTET_LIMITS_RATES", "")]).expect("good").limits.rates);
}

#[test]
fn a_variable_that_is_no_text_is_named() {
    use std::os::unix::ffi::OsStringExt;
    let bytes = || OsString::from_vec(vec![0xFF]);
    let found = variables_of([("QUINTET_SERVER_DATA".into(), bytes())].into_iter());
    assert!(found.is_err_and(|why| why.contains("QUINTET_SERVER_DATA") && why.contains("UTF-8")));
    assert_eq!(variables_of([("OTHER".into(), bytes())].into_iter()), Ok(Vec::new()));
}

#[test]
fn a_hook_has_a_secret_that_is_not_shown() {
    let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
    let of = |url: &str, more: &str| format!("{more}\n[hooks]\nbefore_send = '{url}'\nsecret = '{secret}'");
    assert_eq!(checked(&of("https://hook.example.org/x", ""), &[]), Ok(()));
    assert_eq!(checked(&of("http://hook/x", "[outbound]\nallow = ['10.0.0.0/8']"), &[]), Ok(()));
    let config = parsed(&of("https://hook.example.org/x", ""), &[]).expect("good");
    assert!(config.shown().contains("hook.example.org") && !config.shown().contains(secret), "{}", config.shown());
    let settings = config.hooks.settings().expect("a hook");
    assert_eq!((settings.timeout.as_millis(), settings.secret.0.as_str()), (1_500, secret));
    assert!(Config::default().hooks.settings().is_none());
}

#[test]
fn a_cookie_needs_listed_origins() {
    let file = "[auth]\ncookie = 'token'\n";
    let refused = |more: &str| checked(&format!("{file}{more}"), &[]).expect_err(more);
    for more in ["", "[http]\norigins = []"] {
        let said = refused(more);
        assert!(said.starts_with("quintet.toml: [auth] cookie needs [http] origins"), "{said}");
    }
    assert_eq!(checked(&format!("{file}[http]\norigins = ['https://chat.example.org']"), &[]), Ok(()));
}

#[test]
fn the_shared_secret_has_an_order() {
    let found = |option: Option<&str>, file: &str, environment: &[(&str, &str)]| {
        let (mut config, mut sources) = laid(file, environment).expect("good");
        let environment = variables_of(environment.iter().map(|(name, value)| (name.into(), value.into())));
        let environment = environment.expect("text");
        let variable = |name: &str| environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        config.add_secret(option.map(str::to_owned), variable, &mut sources);
        (config.auth.jwt_secret.unwrap_or_default(), sources.variables.into_values().next().unwrap_or_default())
    };
    let (file, own, long, shared) = (
        "[auth]\njwt_secret = 'file'",
        ("QUINTET_JWT_SECRET", "own"),
        ("QUINTET_AUTH_JWT_SECRET", "long"),
        ("JWT_SECRET", "shared"),
    );
    let gives = |secret: &str, from: &str| (secret.to_owned(), from.to_owned());
    assert_eq!(found(Some("option"), file, &[own, long, shared]), gives("option", ""));
    assert_eq!(found(None, file, &[own, long, shared]), gives("own", own.0));
    assert_eq!(found(None, file, &[long, shared]), gives("long", long.0));
    assert_eq!(found(None, file, &[shared, (own.0, "")]), gives("file", ""));
    assert_eq!(found(None, "", &[shared]), gives("shared", shared.0));
    assert_eq!(found(None, "", &[("JWT_SECRET", "")]), gives("", ""));
}

#[test]
fn bounds_that_come_to_less_are_said() {
    let said = |file: &str| parsed(file, &[]).expect("good").limits.shortfall(1_024);
    assert_eq!((said(""), said("[limits]\nconnections = 100")), (None, None), "that is what was asked for");
    let why = said("[limits]\nconnections = 999999999\nconnections_per_address = 4000").expect("said");
    assert!(why.contains("connections = 999999999 comes to 784, by the limit of open files (1024)"), "{why}");
    assert!(why.contains("connections_per_address = 4000 comes to 196, half"), "{why}");
}

#[test]
fn every_setting_of_the_environment_is_one_of_the_file() {
    for (table, key, kind) in SETTINGS {
        let value = match (*table, *key, kind) {
            ("server", "listen", _) => "3000",
            ("server", "socket_path", _) => "/chat/socket.io",
            ("cluster", "bus", _) => "redis://127.0.0.1",
            ("cluster", "advertise" | "listen", _) => "127.0.0.1:7000",
            (_, "trusted_proxies", _) => "127.0.0.1",
            (_, "forwarded_header", _) => "forwarded",
            ("presence", "audience", _) => "contacts",
            ("people", "contact", _) => "shared",
            ("auth", "sign_with", _) => "shared",
            ("conversations", "echo", _) => "unless_acked",
            ("auth", "registration", _) => "closed",
            ("metrics", "listen", _) => "off",
            ("hooks", "on_failure", _) => "refuse",
            (_, _, Kind::Flag) => "true",
            (_, _, Kind::Number) => "70000",
            (_, _, Kind::Decimal) => "0.5",
            (_, _, Kind::Text | Kind::List) => "text",
        };
        let name = format!("QUINTET_{}_{}", table.to_uppercase(), key.to_uppercase());
        parsed("", &[(&name, value)]).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
