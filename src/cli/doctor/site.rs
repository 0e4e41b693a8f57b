//! The clock, and the address that every mail's unsubscribe link leads to.

use url::Url;

use super::finding::Finding;
use crate::app::App;
use crate::db::{CLOCK_TOLERANCE_MS, Engine, Purpose};
use crate::subscribers::{SubscriptionId, UnsubscribeToken};

pub(super) async fn check(app: &App) -> Vec<Finding> {
    vec![clock(app).await, unsubscribe(app).await]
}

async fn clock(app: &App) -> Finding {
    let advice = "set it by NTP (systemd-timesyncd, chrony)";
    if app.db.engine() == Engine::Sqlite {
        let said = app.clock.now();
        return Finding::ok("clock", format!("{said} by this machine, the only clock there is with SQLite"));
    }
    match app.db.clock_skew().await {
        Ok(skew) if skew.abs() > CLOCK_TOLERANCE_MS => {
            let found =
                format!("this machine is {} s off the database's clock: it fires nothing", skew / 1000);
            Finding::failure("clock", found, advice)
        }
        Ok(skew) if skew.abs() > 2_000 => {
            let found = format!("this machine is {} s off the database's clock", skew / 1000);
            Finding::warning("clock", found, advice)
        }
        Ok(skew) => Finding::ok("clock", format!("{} ms off the database's", skew.abs())),
        Err(error) => {
            let advice = "is the database there?";
            Finding::failure("clock", format!("cannot ask the database: {error}"), advice)
        }
    }
}

/// Posts as a mail program's one-click does (RFC 8058 §3.2), with a token of ours for a subscription that cannot be.
async fn unsubscribe(app: &App) -> Finding {
    const CHECK: &str = "unsubscribe";
    let base = &app.config.public_url;
    let at_home = matches!(base.host(), "localhost" | "127.0.0.1" | "::1" | "[::1]");
    if !base.is_https() && !at_home {
        let found = format!("{} is not https", base.as_str());
        let advice = "mail programs offer one-click unsubscribing for https alone (RFC 8058 §3.1): put a proxy with TLS in front";
        return Finding::failure(CHECK, found, advice);
    }
    let key = app.keys.current(Purpose::Token);
    let token = UnsubscribeToken::write(key, SubscriptionId(0));
    let Ok(url) = Url::parse(&base.join(&format!("/u/{token}"))) else {
        return Finding::failure(CHECK, format!("{} makes no address", base.as_str()), "mend public_url");
    };
    let answer = match app.outbound.post_form(&url, &[("List-Unsubscribe", "One-Click")]).await {
        Ok(answer) => answer,
        Err(error) => {
            let advice =
                "readers must reach it: is kiosque serving, and does the proxy in front of it lead there?";
            return Finding::failure(CHECK, format!("{}: {error}", base.as_str()), advice);
        }
    };
    let (status, host) = (answer.status.as_u16(), base.as_str());
    if let Some(hop) = answer.hops.first() {
        let found = format!("{host} redirects to {}", hop.to);
        let advice = "the answer to one-click must not be a redirect (RFC 8058 §3.2): name the final address in public_url";
        return Finding::failure(CHECK, found, advice);
    }
    if status == 200 && answer.body == "Aucun message ne vous sera envoyé.\n".as_bytes() {
        let found = format!("{host} answers one-click as it should");
        let advice = "on this machine alone, without TLS: readers need an https address";
        return match base.is_https() {
            true => Finding::ok(CHECK, found),
            false => Finding::warning(CHECK, found, advice),
        };
    }
    let found = format!("{host} answers one-click with {status}, and not as this database's kiosque would");
    let advice = "does the proxy pass POST /u/… on unchanged, without a login or a challenge? Does another installation answer there?";
    Finding::failure(CHECK, found, advice)
}
