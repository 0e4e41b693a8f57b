//! What strangers post to the form, by either door: reading it ends, and what comes through is fit for a header and a page.
#![no_main]

use kiosque::mail::{Address, Mailbox};
use kiosque::subscribers::FirstName;
use kiosque::web::forms::typed::Typed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let typed = Typed::of_form(body);
    check(&typed);
    if let Ok(typed) = Typed::of_json(body) {
        check(&typed);
    }
});

fn check(typed: &Typed) {
    let ticked = typed.ticked();
    assert!(ticked.len() >= typed.newsletters.len());
    if let Ok(Some(name)) = FirstName::parse(&typed.first_name) {
        let text = name.as_str();
        assert!((1..=FirstName::LONGEST).contains(&text.chars().count()), "{text:?}");
        assert!(!text.contains(['\r', '\n', '\0', '<', '>', '"', '@', '/', '.', ':', '&', '=']), "{text:?}");
        assert_eq!(FirstName::parse(text), Ok(Some(name.clone())), "a name reads as itself");
        let address = Address::parse("a@exemple.tg").expect("an address");
        assert!(Mailbox::new(Some(text), address).is_ok(), "{text:?}");
    }
    if let Ok(address) = Address::parse(&typed.address) {
        let text = address.as_str();
        assert!(text.len() <= 254 && text.is_ascii() && !text.starts_with('-'), "{text:?}");
        assert!(!text.contains([' ', '\r', '\n', '\0', '<', '>', '"', ',', ';', '(', '[']), "{text:?}");
        assert_eq!(text.matches('@').count(), 1, "{text:?}");
        assert_eq!(Address::parse(text), Ok(address.clone()), "an address reads as itself");
    }
}
