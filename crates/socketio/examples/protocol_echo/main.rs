//! The server that the public test suites of the protocols expect, on port 3000.
//!
//! `cargo run --release --example protocol_echo`

mod echo;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 3000)).await?;
    echo::serve(listener, echo::config()).await
}
