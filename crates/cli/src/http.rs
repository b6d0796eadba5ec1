//! Requests whose answers tell whether a check holds.

use std::time::Duration;

use provision_core::spec::checks::Request;
use reqwest::Method;
use reqwest::redirect::Policy;

/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_secs(2);

/// Sends the request until the answer is right, or it was sent often enough.
///
/// # Errors
/// What was wrong with the last answer, without what is secret.
pub(crate) async fn ask(request: &Request) -> Result<(), String> {
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .timeout(Duration::from_secs(request.timeout.max(1).into()))
        .user_agent(concat!("provision/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| whole(&error))?;
    let mut left = request.retries;
    loop {
        match once(&client, request).await {
            Err(_) if left > 0 => left -= 1,
            answer => return answer,
        }
        pause().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "what is asked again needs time to change")]
async fn pause() {
    tokio::time::sleep(PAUSE).await;
}

async fn once(client: &reqwest::Client, request: &Request) -> Result<(), String> {
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|error| error.to_string())?;
    let sent = request
        .headers
        .iter()
        .fold(client.request(method, &request.url), |sent, (name, value)| sent.header(name, value));
    let shown = |text: &str| if request.is_secret { "(sensitive)".to_owned() } else { text.to_owned() };
    let failed = |error: reqwest::Error| format!("{}: {}", shown(&request.url), whole(&error.without_url()));
    let answer = sent.send().await.map_err(failed)?;
    let status = answer.status().as_u16();
    if !request.status.contains(&status) {
        let wanted: Vec<String> = request.status.iter().map(u16::to_string).collect();
        return Err(format!("{} answers {status}, not {}", shown(&request.url), wanted.join(" or ")));
    }
    let Some(contained) = &request.contains else { return Ok(()) };
    let text = answer.text().await.map_err(failed)?;
    match text.contains(contained.as_str()) {
        true => Ok(()),
        false => Err(format!("the answer of {} does not hold `{}`", shown(&request.url), shown(contained))),
    }
}

/// An error with its causes, which say what really happened.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
