//! What nodes should be able to do, as ratios of figures that were measured in one run.
//!
//! What must stay true: a goal that was not measured is not said to be met.

use super::bloat;
use super::cluster::Kind;
use crate::report::{Table, rounded};

/// How a figure is compared with a goal.
#[derive(Clone, Copy)]
enum Bound {
    Least(f64),
    Most(f64),
}

/// What is judged.
#[derive(Clone, Copy)]
enum Judged {
    /// The ratio of a figure of one server to that of another.
    Ratio(&'static str, &'static str, &'static str),
    /// A figure of a server.
    Figure(&'static str, &'static str),
}

struct Goal {
    name: &'static str,
    scenario: &'static str,
    /// What the name of the case begins with.
    case: &'static str,
    judged: Judged,
    bound: Bound,
}

const SEND: &str = "sends a second";
const PER_SEND: &str = "CPU per send";
const PER_DELIVERY: &str = "CPU per delivery";
const DIFFERENCE: &str = "difference of the two";

fn goals() -> Vec<Goal> {
    let own = Kind::PostgresWire.name();
    let (redis, node, streams) = (Kind::RedisWire.name(), Kind::RedisAdapter.name(), Kind::StreamsAdapter.name());
    let goal = |name, (scenario, case), judged, bound| Goal { name, scenario, case, judged, bound };
    let (send, two, small, remote) = ("durable sends", "two nodes", "deliveries", "remote deliveries");
    let open = "an open transaction";
    vec![
        goal(
            "durable sends a second ÷ a bare client",
            (send, ""),
            Judged::Ratio(SEND, own, "bare client"),
            Bound::Least(0.5),
        ),
        goal("÷ Node, socket.io, Redis adapter, pg", (send, ""), Judged::Ratio(SEND, own, node), Bound::Least(3.0)),
        goal(
            "÷ the same with the Redis streams adapter",
            (send, ""),
            Judged::Ratio(SEND, own, streams),
            Bound::Least(3.0),
        ),
        goal("÷ Quintet on SQLite", (send, ""), Judged::Ratio(SEND, own, Kind::Sqlite.name()), Bound::Least(0.6)),
        goal(
            "CPU of a durable send, two nodes ÷ one, postgres wire",
            (two, own),
            Judged::Ratio(PER_SEND, "two nodes", "one node"),
            Bound::Most(1.2),
        ),
        goal("the same, redis wire", (two, redis), Judged::Ratio(PER_SEND, "two nodes", "one node"), Bound::Most(1.2)),
        goal(
            "share of the slower of two nodes, %, postgres wire",
            (two, own),
            Judged::Figure("share of the slower node", "two nodes"),
            Bound::Least(40.0),
        ),
        goal(
            "the same, redis wire",
            (two, redis),
            Judged::Figure("share of the slower node", "two nodes"),
            Bound::Least(40.0),
        ),
        goal(
            "delivery p50 on another node − on the same, ms, redis wire",
            (small, "100 rooms of 10, paced"),
            Judged::Figure(DIFFERENCE, redis),
            Bound::Most(1.0),
        ),
        goal(
            "the same, postgres wire",
            (small, "100 rooms of 10, paced"),
            Judged::Figure(DIFFERENCE, own),
            Bound::Most(3.0),
        ),
        goal(
            "CPU of a remote delivery ÷ a local one, room of 1,000, redis wire",
            (remote, redis),
            Judged::Ratio(PER_DELIVERY, "remote", "local"),
            Bound::Most(1.15),
        ),
        goal(
            "the same, postgres wire",
            (remote, own),
            Judged::Ratio(PER_DELIVERY, "remote", "local"),
            Bound::Most(1.15),
        ),
        goal(
            "CPU of a delivery ÷ Node with the Redis adapter, rooms of 10, saturated",
            (small, "100 rooms of 10, saturated"),
            Judged::Ratio(PER_DELIVERY, redis, node),
            Bound::Most(0.5),
        ),
        goal(
            "the same, paced",
            (small, "100 rooms of 10, paced"),
            Judged::Ratio(PER_DELIVERY, redis, node),
            Bound::Most(0.5),
        ),
        goal(
            "time of recoveries on another node ÷ on the same",
            ("recoveries", ""),
            Judged::Ratio("last client up to date", "other node", "same node"),
            Bound::Most(1.5),
        ),
        goal(
            "acknowledgement p50 at 1,000 sends a second, a transaction open for minutes ÷ before",
            (open, ""),
            Judged::Figure(bloat::PACED_RATIO, own),
            Bound::Most(1.1),
        ),
        goal(
            "sends a second, saturated, at the end of that ÷ before",
            (open, ""),
            Judged::Figure(bloat::SATURATED_RATIO, own),
            Bound::Least(0.9),
        ),
    ]
}

impl Goal {
    fn measured(&self, tables: &[Table]) -> Option<f64> {
        let table = tables.iter().find(|table| table.scenario == self.scenario && table.case.starts_with(self.case))?;
        let median = |name: &str, server: &str| {
            let figure = table.figures.iter().find(|figure| figure.name == name)?;
            let at = table.servers.iter().position(|known| known.name == server)?;
            figure.values.get(at)?.filter(|stat| stat.measurable).map(|stat| stat.median)
        };
        match self.judged {
            Judged::Ratio(name, one, other) => Some(median(name, one)? / median(name, other)?),
            Judged::Figure(name, server) => median(name, server),
        }
    }
}

/// The goals beside what was measured, as a table in Markdown.
pub(crate) fn markdown(tables: &[Table]) -> String {
    let mut text = String::from("| figure | goal | measured | |\n|---|---|---|---|\n");
    for goal in goals() {
        let measured = goal.measured(tables);
        let (sign, bound) = match goal.bound {
            Bound::Least(bound) => ("≥", bound),
            Bound::Most(bound) => ("≤", bound),
        };
        let met = measured.map(|measured| match goal.bound {
            Bound::Least(bound) => measured >= bound,
            Bound::Most(bound) => measured <= bound,
        });
        let verdict = match met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "not measured",
        };
        let measured = measured.map_or("-".to_owned(), rounded);
        text += &format!("| {} | {sign} {bound} | {measured} | {verdict} |\n", goal.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Part, Value};

    #[test]
    fn a_goal_is_met_missed_or_not_measured() {
        let run = |kind: Kind, sends| (kind.server(Part::Own), vec![vec![Value::more(SEND, "", sends)]]);
        let runs =
            vec![run(Kind::PostgresWire, 30_000.0), run(Kind::RedisAdapter, 15_000.0), run(Kind::Sqlite, 40_000.0)];
        let text = markdown(&[Table::new("durable sends", "64 senders", runs)]);
        assert!(text.contains("| ÷ Node, socket.io, Redis adapter, pg | ≥ 3 | 2.00 | **missed** |"), "{text}");
        assert!(text.contains("| ÷ Quintet on SQLite | ≥ 0.6 | 0.75 | met |"), "{text}");
        assert!(text.contains("| durable sends a second ÷ a bare client | ≥ 0.5 | - | not measured |"), "{text}");
    }

    #[test]
    fn every_goal_is_about_a_scenario() {
        let known: Vec<&str> = super::super::scenarios::ALL.iter().map(|scenario| scenario.name).collect();
        assert!(goals().iter().all(|goal| known.contains(&goal.scenario)));
    }
}
