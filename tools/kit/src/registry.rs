//! Plugins in a registry of the OCI distribution specification: a manifest with one layer, which is the plugin's archive.
//!
//! Four requests, by hand, because each of them is bounded here: what a registry answers is foreign. What is pulled has the digest that was
//! named, or that of the manifest that the name stood for, and nothing of it is unpacked before it has. A registry is spoken to over TLS,
//! unless it is on this machine.

mod auth;
mod client;
mod reference;

pub use auth::Credentials;
pub use reference::Reference;

use crate::archive::{ARCHIVE_BYTES_MAX, Packed};
use crate::error::KitError;
use client::Client;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use steward_core::Digest;

/// What stands before a digest in a registry; there is no other here.
const ALGORITHM: &str = "sha256:";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const ARTIFACT: &str = "application/vnd.steward.plugin.v1";
const LAYER: &str = "application/vnd.steward.plugin.v1.tar";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// The largest manifest that is looked at, in bytes; the specification's own bound.
const MANIFEST_BYTES_MAX: usize = 4 << 20;

/// A digest as registries write it.
pub fn named(digest: &Digest) -> String {
    format!("{ALGORITHM}{digest}")
}

/// A plugin as it was pulled.
#[derive(Debug)]
pub struct Pulled {
    /// Its archive.
    pub bytes: Vec<u8>,
    /// The digest that names it from now on: `name@sha256:…`.
    pub digest: Digest,
}

#[derive(Debug, Deserialize)]
struct Manifest {
    layers: Vec<Layer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
    digest: String,
    size: usize,
}

/// Sends a plugin to a registry and gives the digest that names it.
///
/// # Errors
/// When the registry is not reached or does not take it.
pub async fn push(reference: &Reference, packed: &Packed, version: &str, credentials: &Credentials) -> Result<Digest, KitError> {
    let mut client = Client::new(reference, credentials, "pull,push")?;
    let empty = b"{}".to_vec();
    let (layer, config) = (Digest::of(&packed.bytes), Digest::of(&empty));
    // Only what names it: no time and no machine, so that the same plugin is the same artifact.
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": ARTIFACT,
        "config": { "mediaType": EMPTY, "digest": named(&config), "size": empty.len() },
        "layers": [{
            "mediaType": LAYER,
            "digest": named(&layer),
            "size": packed.bytes.len(),
            "annotations": { "org.opencontainers.image.title": packed.file_name },
        }],
        "annotations": { "org.opencontainers.image.version": version },
    });
    let manifest = manifest.to_string().into_bytes();
    let digest = Digest::of(&manifest);
    if reference.digest.is_some_and(|wanted| wanted != digest) {
        return Err(KitError::said(format!("the plugin is `{}`, and `{reference}` names another; leave the digest out", named(&digest))));
    }
    put_blob(&mut client, &config, empty).await?;
    put_blob(&mut client, &layer, packed.bytes.clone()).await?;
    let name = reference.tag.clone().unwrap_or_else(|| named(&digest));
    let url = client.url(&format!("manifests/{name}"))?;
    let answer = client.send(Method::PUT, &url, &[("content-type", MANIFEST)], Some(manifest)).await?;
    answer.expect(&[StatusCode::CREATED, StatusCode::OK], "take the manifest")?;
    Ok(digest)
}

/// Sends one blob, unless it is there.
async fn put_blob(client: &mut Client, digest: &Digest, bytes: Vec<u8>) -> Result<(), KitError> {
    let url = client.url(&format!("blobs/{}", named(digest)))?;
    if client.send(Method::HEAD, &url, &[], None).await?.status() == StatusCode::OK {
        return Ok(());
    }
    let url = client.url("blobs/uploads/")?;
    let begun = client.send(Method::POST, &url, &[], Some(Vec::new())).await?.expect(&[StatusCode::ACCEPTED], "begin an upload")?;
    let mut to = begun.location(&url)?;
    to.query_pairs_mut().append_pair("digest", &named(digest));
    let done = client.send(Method::PUT, &to, &[("content-type", "application/octet-stream")], Some(bytes)).await?;
    done.expect(&[StatusCode::CREATED], "take the archive").map(|_| ())
}

/// Pulls a plugin's archive. Its bytes have the digest that the manifest names, and the manifest the one of the reference where it has one.
///
/// # Errors
/// When the registry is not reached, has nothing of that name, or gives anything else.
pub async fn pull(reference: &Reference, credentials: &Credentials) -> Result<Pulled, KitError> {
    let mut client = Client::new(reference, credentials, "pull")?;
    let name = reference.digest.map_or_else(|| reference.tag.clone().unwrap_or_else(|| "latest".to_owned()), |digest| named(&digest));
    let url = client.url(&format!("manifests/{name}"))?;
    let answer = client.send(Method::GET, &url, &[("accept", MANIFEST)], None).await?;
    if answer.status() == StatusCode::NOT_FOUND {
        return Err(KitError::said(format!("`{}` has no `{}` of that name or digest, or does not show it to you", reference.registry, reference.repository)));
    }
    let manifest = answer.expect(&[StatusCode::OK], "give the manifest")?.body(MANIFEST_BYTES_MAX).await?;
    let digest = Digest::of(&manifest);
    if let Some(wanted) = reference.digest.filter(|wanted| *wanted != digest) {
        let (got, wanted) = (named(&digest), named(&wanted));
        return Err(KitError::said(format!("`{}` gave `{got}` where `{wanted}` was asked for; nothing of it was taken", reference.registry)));
    }
    let refuse = |problem: String| KitError::said(format!("`{reference}` is no plugin: {problem}"));
    let manifest: Manifest = serde_json::from_slice(&manifest).map_err(|err| refuse(format!("its manifest is not right: {err}")))?;
    let [layer] = manifest.layers.as_slice() else { return Err(refuse(format!("it has {} layers, and a plugin has one", manifest.layers.len()))) };
    if layer.media_type != LAYER {
        return Err(refuse(format!("its layer is `{}`", layer.media_type.chars().take(100).collect::<String>())));
    }
    if layer.size > ARCHIVE_BYTES_MAX {
        return Err(refuse(format!("its archive has {} bytes; at most {ARCHIVE_BYTES_MAX} are taken", layer.size)));
    }
    let wanted: Digest =
        layer.digest.strip_prefix(ALGORITHM).and_then(|hex| hex.parse().ok()).ok_or_else(|| refuse("its layer has no digest of SHA-256".to_owned()))?;
    let url = client.url(&format!("blobs/{}", named(&wanted)))?;
    let bytes = client.send(Method::GET, &url, &[], None).await?.expect(&[StatusCode::OK], "give the archive")?.body(layer.size).await?;
    let got = Digest::of(&bytes);
    match got == wanted && bytes.len() == layer.size {
        true => Ok(Pulled { bytes, digest }),
        false => {
            let (got, wanted) = (named(&got), named(&wanted));
            Err(KitError::said(format!("`{}` gave `{got}` where its manifest says `{wanted}`; nothing of it was taken", reference.registry)))
        }
    }
}
