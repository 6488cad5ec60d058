//! The page of a run of nodes: the goals, and every table.

use std::io;
use std::path::Path;
use std::process::Command;

use super::{goals, scenarios};
use crate::report::Report;

const HEAD: &str = "# Benchmarks of nodes\n\n`cargo xtask bench nodes` generates this page. It starts PostgreSQL with \
    `fsync = on` and Redis, each for this run alone, and measures Quintet beside the official server on Node, which does \
    the same work with the same durability (`bench/peers/node/nodes.mjs`), a bare client, and Quintet on SQLite. All of \
    them take turns. The nodes, and the bare client, are on one core and the load on the other; PostgreSQL and Redis may use \
    both. Two nodes therefore show what they cost, and not how much faster two machines would be. The machines are shared: \
    ratios are reliable, while absolute figures depend on the day. Bold figures are medians, followed by the range.\n\n\
    Centrifugo with its PostgreSQL broker, which would be another server to compare with, could not be installed where \
    this is run.\n\n";

/// Writes the page into a folder.
pub(crate) fn write(report: &Report, folder: &Path) -> io::Result<()> {
    let which = if report.quick { "the short run" } else { "the full run" };
    let mut page = format!("{HEAD}- {}, {which}\n- {}\n", report.date, report.machine);
    for (name, version) in &report.versions {
        page += &format!("- {name} {version}\n");
    }
    if let Some(note) = &report.note {
        page += &format!("\n{note}\n");
    }
    page += &format!("\n## Goals\n\n{}", goals::markdown(&report.tables));
    for scenario in scenarios::ALL {
        let tables: Vec<_> = report.tables.iter().filter(|table| table.scenario == scenario.name).collect();
        if tables.is_empty() {
            continue;
        }
        page += &format!("\n## {}\n\n{}\n", scenario.name, scenario.about);
        for table in tables {
            page += &format!("\n### {}\n\n{}", table.case, table.markdown());
        }
    }
    std::fs::write(folder.join("benchmarks-nodes.md"), page)
}

/// The versions of what is measured here, from those of all benchmarks, and those of the servers that are started.
pub(crate) fn versions(all: Vec<(String, String)>) -> Vec<(String, String)> {
    let used = ["Quintet", "Node.js", "socket.io", "bufferutil", "Rust"];
    let mut versions: Vec<_> = all.into_iter().filter(|(name, _)| used.contains(&name.as_str())).collect();
    let package = include_str!("../../../../bench/peers/node/package.json");
    for name in ["@socket.io/redis-adapter", "@socket.io/redis-streams-adapter", "pg", "redis"] {
        if let Some((_, rest)) = package.split_once(&format!("\"{name}\": \"")) {
            let name = if name == "redis" { "redis (the client of Node)" } else { name };
            versions.push((name.to_owned(), rest.split('"').next().unwrap_or_default().to_owned()));
        }
    }
    for (name, package) in [("PostgreSQL", "postgresql-15"), ("Redis", "redis-server")] {
        let output = Command::new("dpkg-query").args(["--show", "--showformat=${Version}", package]).output();
        let version = output.ok().filter(|output| output.status.success());
        versions.extend(version.map(|output| (name.to_owned(), String::from_utf8_lossy(&output.stdout).into_owned())));
    }
    versions
}
