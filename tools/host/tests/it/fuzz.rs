//! A little of what `make fuzz` does for hours: samples with changed bytes, and bytes of no kind at all.

use proptest::prelude::*;
use std::fs;
use std::path::Path;
use steward_host::fuzzing;
use steward_host::testing::GuestFiles;

/// The samples of a target that lie in the tree.
fn seeds(of: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(of);
    let found: Vec<Vec<u8>> = fs::read_dir(&folder).expect("samples").map(|file| fs::read(file.expect("a file").path()).expect("a sample")).collect();
    assert!(!found.is_empty(), "{}", folder.display());
    found
}

/// A sample with some of its bytes changed, cut or doubled.
fn changed(samples: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 0..6);
    (prop::sample::select(samples), changes).prop_map(|(mut bytes, changes)| {
        for (at, byte, how) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes.iter_mut().skip(at).take(1).for_each(|one| *one = byte),
                1 => bytes.truncate(at),
                2 => bytes.insert(at, byte),
                _ => {
                    let piece: Vec<u8> = bytes.iter().skip(at).take(64).copied().collect();
                    bytes.extend(piece);
                }
            }
        }
        bytes
    })
}

fn manifests() -> Vec<Vec<u8>> {
    [GuestFiles::crm(), GuestFiles::asker(), GuestFiles::keeper()].into_iter().map(|files| files.manifest.into_bytes()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_manifest_is_taken_or_refused(bytes in prop_oneof![any::<Vec<u8>>(), changed(manifests())]) {
        fuzzing::manifest(&bytes);
    }

    #[test]
    fn any_address_is_read_in_one_way_or_refused(bytes in prop_oneof![any::<Vec<u8>>(), changed(seeds("egress"))]) {
        fuzzing::egress(&bytes);
    }

    #[test]
    fn any_frame_of_a_server_is_taken_or_refused(bytes in prop_oneof![any::<Vec<u8>>(), changed(seeds("mcp"))]) {
        fuzzing::mcp(&bytes);
    }
}

proptest! {
    // What is sound is compiled, which takes its time.
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_component_is_taken_or_refused(bytes in prop_oneof![any::<Vec<u8>>(), changed(vec![GuestFiles::keeper().component])]) {
        fuzzing::component(&bytes);
    }
}
