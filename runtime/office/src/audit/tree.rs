//! The Merkle tree of RFC 6962, held as its right edge: the hashes of each level that do not fill a tile yet.
//!
//! Pure: a full tile is handed to the caller and forgotten. A tile is 256 hashes; a level counts in powers of 256.

use sha2::{Digest as _, Sha256};
use steward_core::Digest;

/// Hashes in a full tile.
pub const TILE: usize = 256;

/// The right edge of a tree.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<Digest>>,
}

impl Edge {
    /// An edge with these hashes at each level, lowest first, for a tree of this size. None when they do not belong to that size.
    pub fn of_levels(size: u64, levels: Vec<Vec<Digest>>) -> Option<Self> {
        let mut left = size;
        for level in &levels {
            if level.len() as u64 != left % TILE as u64 {
                return None;
            }
            left /= TILE as u64;
        }
        (left == 0).then_some(Self { size, levels })
    }

    /// How many leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of each level beyond its full tiles, lowest first.
    pub fn levels(&self) -> &[Vec<Digest>] {
        &self.levels
    }

    /// Adds a leaf. `full` gets each tile that it fills: level, number, hashes.
    pub fn push<E>(&mut self, leaf: Digest, full: &mut impl FnMut(u8, u64, &[Digest]) -> Result<(), E>) -> Result<(), E> {
        self.size += 1;
        let (mut hash, mut span) = (leaf, TILE as u64);
        for level in 0..u8::MAX {
            if self.levels.len() <= usize::from(level) {
                self.levels.push(Vec::with_capacity(TILE));
            }
            let Some(row) = self.levels.get_mut(usize::from(level)) else { return Ok(()) };
            row.push(hash);
            if row.len() < TILE {
                return Ok(());
            }
            full(level, self.size / span - 1, row)?;
            hash = perfect(row);
            row.clear();
            span = span.saturating_mul(TILE as u64);
        }
        Ok(())
    }

    /// The root of the tree; of an empty one, the hash of nothing.
    pub fn root(&self) -> Digest {
        let mut root: Option<Digest> = None;
        for level in &self.levels {
            let mut rest = level.as_slice();
            // From the right, each piece the largest perfect subtree that ends there.
            while !rest.is_empty() {
                let (left, piece) = rest.split_at(rest.len() - (1 << rest.len().trailing_zeros()));
                let hash = perfect(piece);
                root = Some(root.map_or(hash, |right| node(&hash, &right)));
                rest = left;
            }
        }
        root.unwrap_or_else(|| Digest::of(b""))
    }
}

/// The hash of two subtrees (RFC 6962, section 2.1).
pub fn node(left: &Digest, right: &Digest) -> Digest {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left.bytes());
    hash.update(right.bytes());
    Digest::from_bytes(hash.finalize().into())
}

/// The root over a power of two of hashes.
fn perfect(hashes: &[Digest]) -> Digest {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row
            .chunks(2)
            .map(|pair| if let [left, right] = pair { node(left, right) } else { pair.first().copied().unwrap_or_else(|| Digest::of(b"")) })
            .collect();
    }
    row.first().copied().unwrap_or_else(|| Digest::of(b""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// The definition, word for word.
    fn by_definition(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest::of(b""),
            [one] => *one,
            more => {
                let (left, right) = more.split_at(more.len().next_power_of_two() / 2);
                node(&by_definition(left), &by_definition(right))
            }
        }
    }

    #[test]
    fn known_roots_of_rfc_6962_test_data() {
        // The reference data of Certificate Transparency: the leaf "" and the leaves "", 00.
        let mut edge = Edge::default();
        let mut none = |_: u8, _: u64, _: &[Digest]| Ok::<(), Infallible>(());
        assert_eq!(edge.root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        edge.push(super::super::leaf_of(b""), &mut none).expect("push");
        assert_eq!(edge.root().to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        edge.push(super::super::leaf_of(&[0]), &mut none).expect("push");
        assert_eq!(edge.root().to_string(), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    }

    #[test]
    fn every_size_has_the_root_of_the_definition_and_its_tiles() {
        let leaves: Vec<Digest> = (0u32..70_000).map(|n| Digest::of(&n.to_be_bytes())).collect();
        let (mut edge, mut tiles) = (Edge::default(), Vec::new());
        for (index, leaf) in leaves.iter().enumerate() {
            edge.push(*leaf, &mut |level, number, hashes: &[Digest]| {
                tiles.push((level, number, hashes.to_vec()));
                Ok::<(), Infallible>(())
            })
            .expect("push");
            let size = index + 1;
            if size < 600 || size % 7_919 == 0 || (65_530..65_540).contains(&size) {
                assert_eq!(edge.root(), by_definition(&leaves[..size]), "{size}");
                let again = Edge::of_levels(edge.size(), edge.levels().to_vec()).expect("levels");
                assert_eq!(again.root(), edge.root());
                assert!(Edge::of_levels(edge.size() + 1, edge.levels().to_vec()).is_none());
            }
        }
        assert_eq!(tiles.iter().filter(|(level, ..)| *level == 0).count(), 273);
        assert_eq!(tiles.iter().filter(|(level, ..)| *level == 1).map(|(_, number, _)| *number).collect::<Vec<_>>(), [0]);
        let third = tiles.iter().find(|(level, number, _)| (*level, *number) == (0, 2)).expect("tile");
        assert_eq!(third.2, leaves[512..768]);
    }
}
