//! Readers' own data from the command line: out, away, and in the register.

use serde_json::Value;

use crate::support::program::Place;

#[test]
fn an_operator_takes_out_and_erases_what_is_kept_and_the_register_says_who() {
    let place = Place::new();
    place.out(&["migrate"]);
    let consent = ["--newsletter", "matinale", "--consent", "Salon du livre 2025"];
    place.out(&[&["subscriber", "add", "Afi Mensah <afi@exemple.org>"], &consent[..]].concat());

    let data: Value = serde_json::from_str(&place.out(&["subscriber", "export", "afi@exemple.org"])).unwrap();
    assert_eq!((&data["address"], &data["name"]), (&"afi@exemple.org".into(), &"Afi Mensah".into()));
    assert_eq!(data["consent"][0]["wording"], "Salon du livre 2025");
    assert_eq!(data["consent"][0]["wording_version"], Value::Null, "the operator's own words");
    let silent = place.json(&["subscriber", "silent", "--at", "2099-01-01"]);
    assert_eq!((&silent[0]["address"], &silent[0]["fate"]), (&"afi@exemple.org".into(), &"ask".into()));
    assert_eq!(place.json(&["subscriber", "silent"]).as_array().unwrap().len(), 0);

    let unasked = place.run(&["subscriber", "erase", "afi@exemple.org"]);
    assert_eq!(unasked.status, Some(2), "nobody there to ask: {}", unasked.err);
    assert!(unasked.err.contains("--yes"), "{}", unasked.err);
    let erased = place.out(&["subscriber", "erase", "afi@exemple.org", "--yes"]);
    assert!(erased.contains("Référence\u{a0}: E-"), "{erased}");
    let data: Value = serde_json::from_str(&place.out(&["subscriber", "export", "afi@exemple.org"])).unwrap();
    assert_eq!((&data["address"], &data["name"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&data["suppressions"][0]["reason"], &data["suppressions"][0]["domain"]),
        (&"erased".into(), &"".into())
    );
    let nothing = place.run(&["subscriber", "export", "kofi@exemple.org"]);
    assert_eq!(
        (nothing.status, nothing.err.as_str()),
        (Some(1), "Rien n’est conservé de kofi@exemple.org.\n")
    );

    let register = place.out(&["audit"]);
    let lines: Vec<Value> = register.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<&str> = lines.iter().map(|line| line["what"].as_str().unwrap()).collect();
    assert_eq!(
        told,
        ["subscriber.add", "subscriber.export", "erased", "subscriber.erase", "subscriber.export"]
    );
    assert!(lines.iter().all(|line| line["kind"] != "operator" || !line["by"].as_str().unwrap().is_empty()));
    assert!(!register.contains("afi"), "{register}");
    assert_eq!(place.out(&["audit", "--address", "afi@exemple.org"]), register);
    assert_eq!(place.out(&["audit", "--address", "kofi@exemple.org"]), "");
    assert_eq!(place.out(&["audit", "--until", "2020-01-01"]), "");
    let back = place.run(&[&["subscriber", "add", "afi@exemple.org"], &consent[..]].concat());
    assert_eq!(back.status, Some(1), "only the reader comes back: {}", back.err);
}
