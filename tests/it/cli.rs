//! The command line as an operator meets it: the built program, run in a folder of its own.

use crate::support::program::{EXAMPLE, Place};

#[test]
fn the_example_configuration_is_right_as_it_stands() {
    let place = Place::new();
    let out = place.out(&["check-config"]);
    assert!(out.starts_with("config.toml: no mistakes\n"), "{out}");
    let runs: Vec<&str> = out.lines().filter(|line| line.starts_with("  ")).collect();
    assert_eq!(runs.len(), 6, "three coming runs of each newsletter\n{out}");
    assert!(runs.iter().all(|run| run.contains("(Africa/Lome, UTC+0)")), "{out}");
    assert!(!place.path().join("data").exists(), "a check leaves nothing behind");
}

#[test]
fn every_mistake_is_printed_with_its_place_and_the_status_is_2() {
    let config = EXAMPLE
        .replace("timezone = \"Africa/Lome\"\npauses", "timezone = \"Afrika/Lome\"\npauses")
        .replace("\"0 7 * * 1-5\"", "\"0 7 * * 1-8\"")
        .replace("director = \"A. Exemple\"", "director = \"\"")
        .replace("[http]\nlisten", "[http]\nlistn");
    let place = Place::with(&config);
    let ran = place.run(&["check-config"]);
    assert_eq!((ran.status, ran.out.as_str()), (Some(2), ""));
    for (line, part) in [
        ("listn = ", "unknown key `http.listn`; did you mean `listen`?"),
        ("director = ", "`publisher.director` is empty"),
        ("schedule = \"0 7", "`newsletter.schedule`: weekday field: `1-8`"),
        ("timezone = \"Afrika", "did you mean \"Africa/Lome\"?"),
    ] {
        let number = config.lines().position(|text| text.starts_with(line)).unwrap() + 1;
        let place = format!("config.toml:{number}:");
        let found = ran.err.lines().any(|text| text.starts_with(&place) && text.contains(part));
        assert!(found, "{place} {part}\n{}", ran.err);
    }
    assert!(ran.err.ends_with("4 mistakes in config.toml\n"), "{}", ran.err);
}

#[test]
fn the_french_of_an_operators_own_template_is_looked_at() {
    let config = EXAMPLE.replace("# templates = \"templates\"", "templates = \"own\"");
    let place = Place::with(&config);
    std::fs::create_dir_all(place.path().join("own/email")).unwrap();
    std::fs::write(place.path().join("own/email/subject.txt"), "L'édition: your newsletter").unwrap();
    let out = place.out(&["check-config"]);
    for said in ["straight apostrophe", "no-break space", "a word of English in \"L'édition: your n"] {
        let found = out
            .lines()
            .any(|line| line.starts_with("warning: mail digest sobre, subject") && line.contains(said));
        assert!(found, "{said}\n{out}");
    }
}

#[test]
fn the_configuration_is_looked_for_where_the_manual_says() {
    let place = Place::new();
    std::fs::rename(place.path().join("config.toml"), place.path().join("other.toml")).unwrap();
    let nowhere = place.run(&["check-config"]);
    assert_eq!(nowhere.status, Some(2));
    assert!(nowhere.err.contains("looked for config.toml, /etc/kiosque/config.toml"), "{}", nowhere.err);
    let named = place.out(&["check-config", "--config", "other.toml"]);
    assert!(named.starts_with("other.toml: no mistakes"), "{named}");
    let by_variable = place.command(&["check-config"]).env("KIOSQUE_CONFIG", "other.toml").output().unwrap();
    assert!(by_variable.status.success());
    let missing = place.run(&["check-config", "--config", "missing.toml"]);
    assert!(missing.err.contains("cannot read the configuration missing.toml"), "{}", missing.err);
}

#[test]
fn coming_runs_name_weekday_hour_zone_and_offset_across_a_change_of_clocks() {
    let config = EXAMPLE.replacen("schedule = \"0 7 * * 1-5\"", "schedule = \"30 2 * * *\"", 1).replacen(
        "timezone = \"Africa/Lome\"",
        "timezone = \"Europe/Paris\"",
        1,
    );
    let place = Place::with(&config);
    let spring = place.out(&["newsletter", "next", "matinale", "-n", "3", "--after", "2027-03-27"]);
    let expected = "samedi 27 mars 2027 à 2\u{a0}h\u{a0}30 (Europe/Paris, UTC+1)\n\
                    dimanche 28 mars 2027 à 3\u{a0}h au lieu de 2\u{a0}h\u{a0}30, heure sautée (Europe/Paris, UTC+2)\n\
                    lundi 29 mars 2027 à 2\u{a0}h\u{a0}30 (Europe/Paris, UTC+2)\n";
    assert_eq!(spring, expected);
    let json = place.json(&["newsletter", "next", "matinale", "-n", "1", "--after", "2027-03-28"]);
    assert_eq!(json[0]["slot"], "2027-03-28T02:30");
    assert_eq!(json[0]["at"], "2027-03-28T01:00:00Z");
}

#[test]
fn a_run_in_a_declared_pause_says_so() {
    let out = Place::new().out(&["newsletter", "next", "matinale", "-n", "2", "--after", "2026-12-23"]);
    let pauses: Vec<bool> = out.lines().map(|line| line.ends_with("en pause, pas d’édition")).collect();
    assert_eq!(pauses, [false, true], "{out}");
}

#[test]
fn a_misspelt_newsletter_is_named_with_the_right_one() {
    let ran = Place::new().run(&["newsletter", "next", "matinal"]);
    assert_eq!(ran.status, Some(2));
    assert_eq!(ran.err, "kiosque: no newsletter is called matinal; did you mean matinale?\n");
}

#[test]
fn migrate_makes_the_database_once() {
    let place = Place::new();
    assert!(place.out(&["migrate"]).starts_with("made the tables: "));
    assert!(place.path().join("data/kiosque.db").exists());
    assert!(place.out(&["migrate"]).starts_with("nothing to do"));
}

/// Only root can give a file away, so the test needs root; continuous integration has it.
#[cfg(unix)]
#[test]
fn a_verb_that_writes_refuses_another_users_database_and_prints_the_sudo_line() {
    let place = Place::new();
    place.out(&["migrate"]);
    let file = place.path().join("data/kiosque.db");
    if std::os::unix::fs::chown(&file, Some(65_534), None).is_err() {
        assert!(std::env::var_os("CI").is_none(), "continuous integration runs as root");
        return;
    }
    let ran = place.run(&["migrate"]);
    assert_eq!(ran.status, Some(2), "{}", ran.out);
    let line = ran.err.lines().last().unwrap().trim();
    assert!(line.starts_with("sudo -u nobody ") && line.ends_with("kiosque migrate"), "{line}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let mut child = place
        .command(&["newsletter", "next", "matinale", "-n", "5000"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "");
    assert!(ran.status.success());
}

#[test]
fn skips_and_pauses_show_in_the_coming_runs() {
    let place = Place::new();
    let skipped = place.out(&["newsletter", "skip", "hebdo"]);
    assert!(skipped.starts_with("L’Hebdo\u{a0}: pas d’édition le dimanche "), "{skipped}");
    let again = place.out(&["newsletter", "skip", "hebdo"]);
    assert!(again.contains("était déjà sautée"), "{again}");
    let outcomes = |place: &Place| -> Vec<String> {
        let runs = place.json(&["newsletter", "next", "hebdo", "-n", "3"]);
        let runs = runs.as_array().unwrap().iter();
        runs.map(|run| run["outcome"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(outcomes(&place), ["operator", "edition", "edition"]);
    place.out(&["newsletter", "pause", "hebdo"]);
    assert_eq!(outcomes(&place), ["operator", "paused", "paused"]);
    assert_eq!(place.json(&["newsletter", "list"])[1]["paused"], true);
    let resumed = place.out(&["newsletter", "resume", "hebdo"]);
    assert!(resumed.starts_with("L’Hebdo\u{a0}: prochaine édition le dimanche "), "{resumed}");
    assert_eq!(outcomes(&place), ["operator", "edition", "edition"]);
    let past = place.run(&["newsletter", "pause", "hebdo", "--until", "2020-01-01"]);
    assert_eq!(past.status, Some(2), "{}", past.out);
}

#[test]
fn a_changed_schedule_is_told_before_it_is_taken_up() {
    let place = Place::new();
    place.out(&["newsletter", "resume", "matinale"]); // makes the database and the newsletter's row
    assert!(!place.out(&["check-config"]).contains("Nouvel horaire"));
    place.write("config.toml", &EXAMPLE.replace("\"0 7 * * 1-5\"", "\"0 6 * * 1-5\""));
    let out = place.out(&["check-config"]);
    let change = out.lines().find(|line| line.contains("Nouvel horaire")).unwrap();
    // which run is the next one depends on the hour of the test
    assert!(
        change.contains("Prochaine édition\u{a0}: ") && change.contains(" à 6\u{a0}h au lieu "),
        "{change}"
    );
    // looking at it has not taken it up
    assert!(place.out(&["check-config"]).contains("Nouvel horaire"));
}

#[test]
fn a_newsletter_left_out_of_the_file_is_named_when_it_has_readers() {
    let place = Place::new();
    place.out(&[
        "subscriber",
        "add",
        "afi@exemple.org",
        "--newsletter",
        "hebdo",
        "--consent",
        "salon du livre",
    ]);
    let cut = EXAMPLE.split_once("\n[[newsletter]]\nslug = \"hebdo\"").unwrap().0;
    place.write("config.toml", cut);
    let out = place.out(&["check-config"]);
    assert!(out.contains("L’Hebdo (hebdo) n’est plus dans ce fichier et a 1\u{a0}lecteur"), "{out}");
}

#[test]
fn readers_are_added_listed_and_shown_and_a_no_is_kept() {
    let place = Place::new();
    let add = [
        "subscriber",
        "add",
        "Afi Mensah <afi@exemple.org>",
        "--newsletter",
        "matinale",
        "--consent",
        "salon",
    ];
    assert_eq!(place.out(&add), "afi@exemple.org reçoit désormais La Matinale.\n");
    assert_eq!(place.out(&add), "afi@exemple.org recevait déjà La Matinale.\n");
    let list = place.json(&["subscriber", "list", "--newsletter", "matinale"]);
    assert_eq!(
        (list[0]["address"].as_str(), list[0]["state"].as_str()),
        (Some("afi@exemple.org"), Some("confirmed"))
    );
    let shown = place.json(&["subscriber", "show", "afi@exemple.org"]);
    assert_eq!(shown["events"][0]["wording"], "salon");

    place.write("non.csv", "address\nkofi@exemple.org\n");
    assert_eq!(
        place.out(&["subscriber", "import", "non.csv", "--as", "suppressed"]),
        "1\u{a0}adresse bloquée (1\u{a0}ligne lue).\n"
    );
    let kofi =
        place.run(&["subscriber", "add", "kofi@exemple.org", "--newsletter", "matinale", "--consent", "x"]);
    assert_eq!(kofi.status, Some(1));
    assert!(kofi.err.starts_with("kofi@exemple.org ne doit plus recevoir de courrier"), "{}", kofi.err);
}

#[test]
fn a_bad_line_of_a_readers_file_is_named_and_the_rest_goes_in() {
    let place = Place::new();
    place.write("lecteurs.csv", "address;name\nama@exemple.org;Ama\nsans-arobase;X\n");
    let ran = place.run(&[
        "subscriber",
        "import",
        "lecteurs.csv",
        "--newsletter",
        "hebdo",
        "--consent",
        "liste papier",
    ]);
    assert_eq!(ran.status, Some(1));
    assert!(ran.err.starts_with("lecteurs.csv:3: address: "), "{}", ran.err);
    assert_eq!(ran.out, "1\u{a0}lecteur ajouté, 1\u{a0}ligne refusée (2\u{a0}lignes lues).\n");
    let neither = place.run(&["subscriber", "import", "lecteurs.csv"]);
    assert_eq!(neither.status, Some(2));
}

#[test]
fn the_status_tells_next_runs_queue_and_relays_on_one_screen() {
    let place = Place::new();
    let missing = place.run(&["status"]);
    assert_eq!(missing.status, Some(1));
    assert!(
        missing.err.contains("no database at") && missing.err.contains("kiosque migrate"),
        "{}",
        missing.err
    );
    place.out(&["migrate"]);
    let out = place.out(&["status"]);
    for part in ["nobody serves", "La Matinale\u{a0}: prochaine édition le ", "none yet", "empty", "maildir:"]
    {
        assert!(out.contains(part), "{part}\n{out}");
    }
    let json = place.json(&["status"]);
    assert_eq!(json["newsletters"][1]["next"]["timezone"], "Africa/Lome");
    assert_eq!(json["queue"], serde_json::json!([]));
}

#[test]
fn mail_never_leaves_the_machine_in_the_examples_name() {
    let relay = "url = \"smtps://lettres@mail.example.org\"\npassword = \"env:KIOSQUE_NO_SUCH\"";
    let place = Place::with(&EXAMPLE.replace("url = \"maildir:data/outbox\"", relay));
    let told = place.out(&["check-config"]);
    assert!(told.contains("warning: serve will not start"), "{told}");
    let ran = place.run(&["serve"]);
    assert_eq!(ran.status, Some(2));
    let text = std::fs::read_to_string(place.path().join("config.toml")).unwrap();
    let line = text.lines().position(|line| line.starts_with("phone")).unwrap() + 1;
    let named = format!("  line {line}: publisher.phone = \"+228 00 00 00 00\"");
    assert!(ran.err.contains(&named), "{}", ran.err);
    assert!(!place.path().join("data").exists(), "nothing was started");
}
