//! `kiosque dkim`: the keys our mail is signed with.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;

use super::{Failure, output};
use crate::mail::dkim::{Algorithm, Name, Signer, SigningKey};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make a key, and say which DNS record to publish and what to write into the configuration
    Keygen {
        /// The domain that signs: the one of the newsletters' `from`, or one above it
        #[arg(long, value_parser = |text: &str| Name::domain(text))]
        domain: Name,
        /// A name for the key, new for each one: such as `k2026`
        #[arg(long)]
        selector: Name,
        /// Ed25519 in place of RSA: short and quick, to sign beside an RSA key, for not every receiver knows it
        #[arg(long)]
        ed25519: bool,
        /// The file for the private key; one that is there is never overwritten
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    let Verb::Keygen { domain, selector, ed25519, out } = verb;
    let algorithm = if ed25519 { Algorithm::Ed25519 } else { Algorithm::Rsa };
    let key = SigningKey::generate(algorithm).map_err(anyhow::Error::new)?;
    write(&out, &key.to_pem().map_err(anyhow::Error::new)?)?;
    let signer = Signer { domain, selector, key };
    output::say(told(&signer, &std::path::absolute(&out).unwrap_or(out)));
    Ok(())
}

/// A new file that its owner alone can read.
fn write(out: &Path, pem: &str) -> Result<(), Failure> {
    let place = out.display();
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(out) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let advice = "a key that is overwritten can sign nothing again; give another --out";
            return Err(Failure::usage(format!("kiosque: {place} is there already: {advice}")));
        }
        Err(error) => return Err(anyhow::Error::new(error).context(format!("cannot make {place}")).into()),
    };
    let written = file.write_all(pem.as_bytes()).and_then(|()| file.sync_all());
    Ok(written.with_context(|| format!("cannot write {place}"))?)
}

fn told(signer: &Signer, file: &Path) -> String {
    let (name, record) = (signer.record_name(), signer.key.public().record());
    let strings = in_strings(&record);
    let (domain, selector, file) = (&signer.domain, &signer.selector, file.display());
    format!(
        "The private key is in {file}. Only you can read it: give it to the user that runs kiosque, and back it up.\n\n\
         Publish this record. In a zone file:\n\n  {name}. IN TXT ( {strings} )\n\n\
         or, where a form asks for a name and a value (TXT):\n\n  {name}\n  {record}\n\n\
         Then paste this into config.toml:\n\n  [[dkim]]\n  domain = \"{domain}\"\n  selector = \"{selector}\"\n  \
         key = \"file:{file}\"\n\n\
         When the record is to be seen (`kiosque doctor` looks for it), restart kiosque: from then on mail is signed."
    )
}

/// A record as a zone file wants it: quoted strings of at most 255 bytes (RFC 1035 §3.3), which readers put together
/// without anything between them (RFC 6376 §3.6.2.2).
fn in_strings(record: &str) -> String {
    let mut strings = Vec::new();
    let mut rest = record;
    while !rest.is_empty() {
        let (string, after) = rest.split_at(rest.len().min(255));
        strings.push(format!("\"{string}\""));
        rest = after;
    }
    strings.join("\n      ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_record_is_split_where_dns_needs_it() {
        assert_eq!(in_strings("v=DKIM1; p=x"), "\"v=DKIM1; p=x\"");
        let record = SigningKey::generate(Algorithm::Rsa).unwrap().public().record();
        let strings = in_strings(&record);
        let parts: Vec<&str> = strings.lines().map(|line| line.trim().trim_matches('"')).collect();
        assert_eq!((parts.len(), parts[0].len(), parts.concat()), (2, 255, record));
    }
}
