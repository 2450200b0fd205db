// The interfaces of Steward as modules. Which of them a plugin may import stands under `[imports]` in its `tool.toml`. Whole numbers of 64 bits are
// numbers here, exact up to 2^53; what is not there is `null`.

declare module "steward:plugin/log@0.1.0" {
  /** A line for the operator, cut at 4 KiB; at most 100 a call. */
  export function write(level: "debug" | "info" | "warn" | "error", message: string): void;
}

declare module "steward:plugin/clock@0.1.0" {
  /** The time of the call, frozen, in Unix milliseconds. */
  export function nowMs(): number;
}

declare module "steward:plugin/crm@0.1.0" {
  export interface Contact {
    id: string;
    name: string;
    givenName?: string | null;
    familyName?: string | null;
    emails: string[];
    phones: string[];
    companyId?: string | null;
    companyName?: string | null;
    jobTitle?: string | null;
    tags: string[];
  }
  export interface Company {
    id: string;
    name: string;
    website?: string | null;
  }
  export interface Money {
    minor: number;
    currency: string;
  }
  export interface Deal {
    id: string;
    title: string;
    stage: string;
    amount?: Money | null;
    companyId?: string | null;
    contactId?: string | null;
  }
  export type Subject = { tag: "contact"; val: string } | { tag: "company"; val: string } | { tag: "deal"; val: string };
  export interface Note {
    id: string;
    about: Subject;
    text: string;
    author?: string | null;
    createdAtMs: number;
  }
  export interface Page {
    after?: string | null;
    limit: number;
  }
  export interface Listed<T> {
    items: T[];
    next?: string | null;
  }
  export interface DealFilter {
    companyId?: string | null;
    contactId?: string | null;
    stage?: string | null;
  }
  export function findContacts(query: string, page: Page): Listed<Contact>;
  export function getContact(id: string): Contact;
  export function findCompanies(query: string, page: Page): Listed<Company>;
  export function getCompany(id: string): Company;
  export function listDeals(filter: DealFilter, page: Page): Listed<Deal>;
  export function listNotes(about: Subject, page: Page): Listed<Note>;
}

declare module "steward:plugin/crm-write@0.1.0" {
  import type { Company, Contact, Note, Subject } from "steward:plugin/crm@0.1.0";
  export interface NewContact {
    name: string;
    givenName?: string | null;
    familyName?: string | null;
    emails: string[];
    phones: string[];
    companyId?: string | null;
    jobTitle?: string | null;
    tags: string[];
  }
  export type ContactPatch = Partial<NewContact>;
  export interface NewCompany {
    name: string;
    website?: string | null;
  }
  export function createContact(contact: NewContact): Contact;
  export function updateContact(id: string, patch: ContactPatch): Contact;
  export function createCompany(company: NewCompany): Company;
  export function updateCompany(id: string, patch: Partial<NewCompany>): Company;
  export function addNote(about: Subject, text: string): Note;
}

declare module "steward:plugin/knowledge@0.1.0" {
  export interface Document {
    id: string;
    name: string;
    mediaType: string;
    /** Of its text. */
    characters: number;
    /** How many pieces it has. */
    chunks: number;
    createdAtMs: number;
  }
  export interface Chunk {
    /** What an answer cites it by, such as `doc_…#3`. */
    cite: string;
    /** From 1. */
    number: number;
    heading?: string | null;
    text: string;
  }
  export interface Found {
    document: Document;
    chunks: Chunk[];
  }
  export interface Pieces extends Found {
    /** The number of the piece that follows. */
    next?: number | null;
  }
  /** Pieces that hold any of these words, at most 20; with a document only of that one. */
  export function search(query: string, document: string | undefined, limit: number): Found[];
  /** A document's pieces from this number on, at most 20. */
  export function read(document: string, from: number, limit: number): Pieces;
}

declare module "steward:plugin/http@0.1.0" {
  export interface Request {
    /** In capitals. */
    method: string;
    url: string;
    headers: [string, string][];
    body?: Uint8Array | null;
    timeoutMs?: number | null;
  }
  export interface Response {
    status: number;
    headers: [string, string][];
    body: Uint8Array;
  }
  /** Asks whom `[egress]` of the manifest names. */
  export function fetch(request: Request): Response;
}

declare module "steward:plugin/kv@0.1.0" {
  export interface Entry {
    value: Uint8Array;
    version: number;
  }
  /** What `[kv]` of the manifest lets the plugin keep between calls, in one workspace. */
  export function get(key: string): Entry | null;
  export function set(key: string, value: Uint8Array): number;
  export function compareAndSet(key: string, value: Uint8Array, expect: number): number;
  export function list(prefix: string, after: string | undefined, limit: number): { items: string[]; next?: string | null };
  /**
   * Whether there was such an entry. It is refused where the call knows what is private, or of lower standing than what the entry was ever
   * written from. `list` and a refusal for want of room count as all that is kept: make room with keys that you know before you ask for
   * anything else, or keep to a fixed set of keys and set them anew. Import it under another name: `import { delete as forget } from …`.
   */
  function remove(key: string): boolean;
  export { remove as delete };
}
