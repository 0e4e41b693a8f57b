//! The return path of each message: the newsletter's `bounce_to` with a token that names the delivery.

use crate::db::{KeyId, Keys, Purpose};
use crate::delivery::row::DeliveryId;
use crate::mail::Address;

/// Of the signature, in bytes.
const MAC: usize = 10;
/// Version, key number, delivery, signature.
const TOKEN: usize = 1 + 2 + 7 + MAC;
const VERSION: u8 = 1;

/// `bounce_to` with the delivery's token: the same for every try, as greylisting hosts want it. Where the address is
/// too long to carry one, mail goes out all the same and its bounces only lose their token.
pub(super) fn write(keys: &Keys, bounce_to: &Address, delivery: DeliveryId) -> Address {
    let key = keys.current(Purpose::ReturnPath);
    let mut token = [0; TOKEN];
    token[0] = VERSION;
    token[1..3].copy_from_slice(&key.id.0.to_be_bytes()[6..]);
    token[3..10].copy_from_slice(&delivery.0.to_be_bytes()[1..]);
    let mac = key.mac(&[b"return path", &token[..10]]);
    token[10..].copy_from_slice(&mac[..MAC]);
    bounce_to.with_tag(&base32(&token)).unwrap_or_else(|_| {
        tracing::warn!("bounce_to is too long to carry a token: bounces cannot be told apart");
        bounce_to.clone()
    })
}

/// The delivery that the tag of a return path names; none when it was not made by one of our keys.
pub fn read(keys: &Keys, tag: &str) -> Option<DeliveryId> {
    let token: [u8; TOKEN] = unbase32(tag)?.try_into().ok()?;
    let (signed, mac) = token.split_at(TOKEN - MAC);
    let id = KeyId(i64::from(u16::from_be_bytes([signed[1], signed[2]])));
    let key = keys.by_id(Purpose::ReturnPath, id)?;
    if signed[0] != VERSION || !key.verifies(&[b"return path", signed], mac) {
        return None;
    }
    let mut delivery = [0; 8];
    delivery[1..].copy_from_slice(&signed[3..]);
    Some(DeliveryId(i64::from_be_bytes(delivery)))
}

/// RFC 4648 §6 in lower case without padding: some hosts change the case of a local part.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut pending, mut bits) = (0_u32, 0);
    for byte in bytes {
        pending = pending << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(ALPHABET[(pending >> bits) as usize & 31]));
        }
    }
    if bits > 0 {
        out.push(char::from(ALPHABET[(pending << (5 - bits)) as usize & 31]));
    }
    out
}

fn unbase32(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 5 / 8);
    let (mut pending, mut bits) = (0_u32, 0);
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|b| *b == byte.to_ascii_lowercase())?;
        pending = (pending << 5 | u32::try_from(value).ok()?) & 0xFFFF;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((pending >> bits & 0xFF) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::db::Db;

    #[tokio::test]
    async fn a_return_path_names_its_delivery_and_cannot_be_forged() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open_sqlite(&folder.path().join("k.db")).await.unwrap();
        db.migrate(&Clock::System).await.unwrap();
        let keys = Keys::load(&db).await.unwrap();
        let bounce_to = Address::parse("retours@exemple.tg").unwrap();
        for id in [1, 4_711, 1 << 50] {
            let path = write(&keys, &bounce_to, DeliveryId(id));
            assert_eq!(path, write(&keys, &bounce_to, DeliveryId(id)));
            let (base, tag) = path.local_part().split_once('+').unwrap();
            assert_eq!((base, tag.len()), ("retours", 32));
            assert_eq!(read(&keys, tag), Some(DeliveryId(id)));
            assert_eq!(read(&keys, &tag.to_uppercase()), Some(DeliveryId(id)));
            for at in 0..tag.len() {
                let mut forged = tag.as_bytes().to_vec();
                forged[at] = if forged[at] == b'a' { b'b' } else { b'a' };
                assert_eq!(read(&keys, std::str::from_utf8(&forged).unwrap()), None, "{at}");
            }
            assert_eq!(read(&keys, &tag[1..]), None);
        }
        let long = Address::parse(&format!("{}@exemple.tg", "r".repeat(40))).unwrap();
        assert_eq!(write(&keys, &long, DeliveryId(1)), long);
        db.close().await;
    }
}
