//! Composes the parts of the server: store, bus, service, gateway, engine, HTTP API.

use std::sync::Arc;
use std::time::Duration;

use quintet_bus::{Bus, LocalBus};
use quintet_cluster::ClusterBus;
use quintet_domain::limits::{CONNECT_SECONDS, EVENT_BYTES_MAX, PACKET_SECONDS};
use quintet_domain::{Contact, Environment, Quotas};
use quintet_files::{Bucket, Files, FilesError};
use quintet_gateway::{Audience, Doors, Echo, Gateway, Settings, UnidentifiedMax};
use quintet_outbound::Outbound;
use quintet_service::{Algorithm, Metrics, RequiredClaim, Rules, Service, SignWith, TokenSettings, Tokens};
use quintet_socketio::{Engine, Unfinished};
use quintet_store::{Group, Location, MemoryStore, OpenError, PostgresStore, SqliteStore, Store};
use quintet_telemetry::{Span, Tracer};
use quintet_webhooks::{BeforeSendHook, HookMetrics, WebhookMetrics};
use tokio::sync::mpsc;

use crate::config::{self, AudienceName, Config, ContactName, EchoName, SignWithName};
use crate::edge::places::Places;
use crate::environment::SystemEnvironment;
use crate::failure::Failure;
use crate::metrics::Connections;
use crate::node::Node;
use crate::process_metrics::{Build, Process};
use crate::push::Push;
use crate::telemetry::{self, Export};
use crate::{cluster, postgres, private, process, secret};

/// The size in bytes from which messages are compressed. A smaller message fits in one network packet either way.
const COMPRESSION_THRESHOLD: usize = 1_024;

/// The name of the folder of files within the data folder.
pub(crate) const FILES: &str = "files";

/// The parts of a running server.
pub(crate) struct Parts {
    pub(crate) service: Service,
    /// The store of the service, if it is a database in a folder.
    pub(crate) database: Option<Arc<SqliteStore>>,
    /// The store of the service, if it is a database of a PostgreSQL server.
    pub(crate) postgres: Option<Arc<PostgresStore>>,
    pub(crate) gateway: Gateway,
    pub(crate) engine: Engine<Gateway>,
    pub(crate) rest: axum::Router,
    pub(crate) outbound: Outbound,
    pub(crate) webhooks: WebhookMetrics,
    /// What this node hears of others, if the data is in a database of a PostgreSQL server.
    pub(crate) cluster: Option<cluster::Node>,
    /// What sends messages to the browsers of those who are away.
    pub(crate) push: Push,
    /// What sends traces and metrics to a collector, if the configuration names one.
    pub(crate) export: Option<Export>,
}

/// Opens the bucket for files, if the configuration names one.
pub(crate) fn bucket(config: &Config) -> Option<Result<Files, FilesError>> {
    let config::Files { bucket, endpoint, region, key, .. } = config.files.clone();
    bucket.map(|name| Files::in_bucket(&Bucket { name, endpoint, region, key }))
}

/// Opens the storage of files that the configuration names.
fn files(config: &Config, location: &Location) -> Result<Files, FilesError> {
    match (bucket(config), location) {
        (_, Location::Memory) => Ok(Files::in_memory()),
        (Some(bucket), _) => bucket,
        (None, Location::Folder(folder) | Location::Existing(folder)) => {
            match config.database.url {
                // Other nodes and the operator's commands may use the folder at the same time.
                Some(_) => Files::clean_up_shared(&folder.join(FILES)),
                None => Files::clean_up(&folder.join(FILES)),
            }
            Files::in_folder(&folder.join(FILES))
        }
    }
}

fn token_settings(config: &Config) -> TokenSettings {
    let auth = &config.auth;
    let required = auth.required_claims.iter().filter_map(|text| RequiredClaim::parse(text)).collect();
    TokenSettings {
        algorithm: Algorithm::parse(&auth.algorithm).unwrap_or_default(),
        days: auth.token_days,
        sign_with: match auth.sign_with {
            SignWithName::Own => SignWith::Own,
            SignWithName::Shared => SignWith::Shared,
        },
        rules: Rules { issuer: auth.issuer.clone(), audience: auth.audience.clone(), required },
    }
}

fn contact(config: &Config) -> Contact {
    match config.people.contact {
        ContactName::Everyone => Contact::Everyone,
        ContactName::Shared => Contact::Shared,
        ContactName::Requests => Contact::Requests,
    }
}

/// Returns the quotas of users. With rates off, daily limits are off as well.
fn quotas(config: &Config) -> Quotas {
    let rates = config.limits.rates;
    let of_rates = |most: u32| if rates { most } else { 0 };
    Quotas {
        rates,
        added_per_day: of_rates(config.people.added_per_day),
        direct_per_day: of_rates(config.people.direct_per_day),
        contact: contact(config),
        user_file_bytes: config.files.user_bytes,
        total_file_bytes: config.files.total_bytes,
        free_bytes_min: config.limits.free_bytes_min,
        change_days: config.log.keep_days,
        audit_days: config.moderation.audit_keep_days,
        retention: config.retention.days(),
    }
}

/// Who uses a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UseAs {
    /// A server, which is a node if the database can have several.
    Server,
    /// A command of the operator, which hears nothing of others.
    Command,
}

/// An open store, with what it hands its commits to.
pub(crate) struct Opened {
    store: Arc<dyn Store>,
    /// The store, if it is a database in a folder.
    pub(crate) database: Option<Arc<SqliteStore>>,
    /// The store, if it is a database of a PostgreSQL server.
    pub(crate) postgres: Option<Arc<PostgresStore>>,
    bus: Arc<LocalBus>,
    /// What is made for a node, if the server is one.
    prepared: Option<cluster::Prepared>,
    environment: Arc<dyn Environment>,
    metrics: Arc<Metrics>,
    tracer: Tracer,
    /// The spans that the tracer takes, if it takes any.
    spans: Option<mpsc::Receiver<Span>>,
}

/// Opens the store: a database of a PostgreSQL server if one is configured; else a database in a folder, which no other
/// process uses from here on, or maps in memory for data that is lost with the process. `use_as` says who uses it.
pub(crate) fn open(config: &Config, location: &Location, use_as: UseAs) -> Result<Opened, OpenError> {
    open_at(config, location, use_as, Arc::new(SystemEnvironment::default()))
}

/// Opens the store with a clock that the caller sets.
pub(crate) fn open_at(
    config: &Config,
    location: &Location,
    use_as: UseAs,
    environment: Arc<dyn Environment>,
) -> Result<Opened, OpenError> {
    let bus = Arc::new(LocalBus::new());
    let to_bus = Arc::clone(&bus);
    let is_node = use_as == UseAs::Server && config.database.url.is_some() && *location != Location::Memory;
    let (prepared, to_node) = is_node.then(cluster::Prepared::new).unzip();
    let delivered = prepared.as_ref().map(|prepared| prepared.delivered.clone()).unwrap_or_default();
    let metrics = Arc::new(Metrics::default());
    let counted = Arc::clone(&metrics);
    let (tracer, spans) = match use_as {
        UseAs::Server => telemetry::tracer(&config.telemetry),
        UseAs::Command => (Tracer::default(), None),
    };
    let writes = tracer.clone();
    let on_commit = Box::new(move |group: Group| {
        match group.committed {
            true => counted.committed(group.writes, group.took, !group.commit.entries.is_empty()),
            false => counted.commit_failed(),
        }
        telemetry::writes::record(&writes, &group);
        if let Some(node) = &to_node {
            // Groups without entries as well: the feed learns of their positions.
            return node.send(group);
        }
        let commit = group.commit;
        if !commit.entries.is_empty() || !commit.replies.is_empty() {
            to_bus.committed(commit);
        }
    });
    let quotas = quotas(config);
    let (mut database, mut postgres) = (None, None);
    let store: Arc<dyn Store> = match (location, &config.database.url) {
        (Location::Memory, _) => Arc::new(MemoryStore::start(environment.clone(), quotas, on_commit)?),
        (Location::Folder(folder) | Location::Existing(folder), Some(url)) => {
            let password = config.database.password.as_deref();
            let store = postgres::open(url, password, folder, environment.clone(), quotas, delivered, on_commit)?;
            let store = Arc::new(store);
            postgres = Some(Arc::clone(&store));
            store
        }
        (Location::Folder(_) | Location::Existing(_), None) => {
            let store = Arc::new(SqliteStore::open_with(location, environment.clone(), quotas, on_commit)?);
            database = Some(Arc::clone(&store));
            store
        }
    };
    // Only now is it certain that this process may use the folder.
    if let Some(folder) = location.folder() {
        private::narrow(folder);
    }
    Ok(Opened { store, database, postgres, bus, prepared, environment, metrics, tracer, spans })
}

/// Opens the files of an open store, and returns a service that uses both, and what was made for a node, which is to be
/// started.
pub(crate) fn service(
    config: &Config,
    location: &Location,
    opened: Opened,
) -> Result<(Service, Option<cluster::Prepared>), Failure> {
    let Opened { store, bus, prepared, environment, metrics, tracer, .. } = opened;
    let bus: Arc<dyn Bus> = match &prepared {
        Some(prepared) => Arc::new(ClusterBus::new(bus, prepared.teller.clone())),
        None => bus,
    };
    let tokens = Tokens::new(secret::keys(config)?, token_settings(config));
    let settings = quintet_service::Settings {
        guests: config.auth.guests,
        registration: config.auth.registration.into(),
        contact: contact(config),
        rates: config.limits.rates,
        retention: config.retention.days(),
        password_chars_min: config.auth.password_length_min,
        public_url: config.server.public_url.clone(),
        pictures: config.people.avatars,
        outbound: config.outbound.networks()?,
        lists: config.moderation.lists()?.map(Arc::new),
    };
    let files = files(config, location).map_err(|error| error.to_string())?;
    let service = Service::new(store, bus, environment, files, tokens, metrics, settings);
    service.set_tracer(tracer);
    Ok((service, prepared))
}

/// Returns the client of requests to servers that somebody else names.
pub(crate) fn outbound(config: &Config) -> Result<Outbound, Failure> {
    Ok(Outbound::new(config.outbound.networks()?))
}

/// Starts all parts that serve clients.
pub(crate) async fn parts(config: &Config, places: &Arc<Places>, node: &Node) -> Result<Parts, Failure> {
    let location =
        if config.server.ephemeral { Location::Memory } else { Location::Folder(config.server.data.clone()) };
    let mut opened = open(config, &location, UseAs::Server).map_err(|error| error.to_string())?;
    let spans = opened.spans.take();
    let (database, on_postgres, bus) = (opened.database.clone(), opened.postgres.clone(), Arc::clone(&opened.bus));
    let (service, prepared) = service(config, &location, opened)?;
    let push_key = secret::push_key(config)?;
    service.set_push_key(push_key.public());
    let cluster = match (&on_postgres, prepared) {
        (Some(store), Some(prepared)) => Some(prepared.start(config, node.own(), store, bus).await?),
        (Some(_) | None, _) => None,
    };
    let checked = service.check_files().await;
    checked.map_err(|error| format!("files cannot be stored as [files] configures: {error}"))?;
    if let Some(store) = &on_postgres {
        store.join(config.files.of_node()).map_err(|error| error.to_string())?;
    }
    let doors = Doors {
        origins: config.http.allowed_origins(),
        unidentified: UnidentifiedMax {
            of_address: config.limits.unidentified_per_address,
            in_total: config.limits.unidentified.min(places.unidentified_max()),
        },
        connections_per_user: config.limits.connections_per_user,
        unfinished: Unfinished::new(config.limits.unfinished_bytes, Duration::from_secs(PACKET_SECONDS)),
    };
    let engine_config = quintet_socketio::Config {
        paths: config.server.socket_path.of_engine(),
        queue_bytes_max: config.limits.queue_bytes,
        event_bytes_max: EVENT_BYTES_MAX,
        unfinished: doors.unfinished.clone(),
        connect_timeout: Duration::from_secs(CONNECT_SECONDS),
        compression_threshold: config.http.compression.then_some(COMPRESSION_THRESHOLD),
        origins: doors.origins.clone(),
        session_ids: node.session_ids(),
        ..quintet_socketio::Config::default()
    };
    let settings = Settings {
        echo: match config.conversations.echo {
            EchoName::Always => Echo::Always,
            EchoName::UnlessAcked => Echo::UnlessAcked,
        },
        deliveries: config.presence.delivered,
        audience: match config.presence.audience {
            AudienceName::Everyone => Audience::Everyone,
            AudienceName::Contacts => Audience::Contacts,
        },
        everyone_limit: config.presence.everyone_limit,
        frame_bytes_max: engine_config.payload_bytes_max,
        queue_bytes_max: config.limits.queue_bytes,
        compression_threshold: engine_config.compression_threshold,
        recovery: config.server.recovery,
    };
    let gateway = Gateway::start(service.clone(), settings, doors).await.map_err(|refusal| refusal.message)?;
    let engine = Engine::new(engine_config, gateway.clone());
    let unidentified = gateway.clone();
    places.evicts_by(move |count| unidentified.close_unidentified(count));
    let connections = Connections {
        engine: engine.clone(),
        gateway: gateway.clone(),
        service: service.clone(),
        places: Arc::clone(places),
    };
    service.metrics().add(Box::new(connections));
    service.metrics().add(Box::new(Build));
    service.metrics().add_shared(Box::new(Process { started: process::started() }));
    if let Some(store) = &on_postgres {
        service.metrics().add(Box::new(postgres::Statements { store: Arc::clone(store) }));
    }
    if let Some(cluster) = &cluster {
        service.metrics().add(Box::new(cluster.clone()));
        let watched = cluster.clone();
        service.set_health(move || watched.why_not_ready());
    }
    let (outbound, webhooks) = (outbound(config)?, WebhookMetrics::default());
    let export = service
        .tracer()
        .zip(spans)
        .map(|(tracer, spans)| Export::new(config.telemetry.clone(), node.id(), outbound.clone(), (tracer, spans)));
    if let Some(export) = &export {
        service.metrics().add(Box::new(export.collected()));
    }
    let push = Push::new(push_key, config, outbound.clone());
    service.metrics().add(Box::new(push.counts()));
    service.metrics().add(Box::new(webhooks.clone()));
    if let Some(settings) = config.hooks.settings() {
        let metrics = HookMetrics::default();
        service.metrics().add(Box::new(metrics.clone()));
        service.set_before_send(Box::new(BeforeSendHook::new(settings, outbound.clone(), metrics)));
    }
    let rest_settings = quintet_rest::Settings { docs: config.http.docs };
    let rest = quintet_rest::router(service.clone(), &rest_settings);
    Ok(Parts {
        service,
        database,
        postgres: on_postgres,
        gateway,
        engine,
        rest,
        outbound,
        webhooks,
        cluster,
        push,
        export,
    })
}
