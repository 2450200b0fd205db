// What stands between the host's calls and `plugin_describe` and `plugin_call`: the canonical ABI of the component model for these two.
// Texts are a pointer and a length, records one field after the other, variants a tag and then what it carries.

#include "steward.h"

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

// Memory: taken from where the linker ends, and never given back.
extern uint8_t __heap_base;
static uintptr_t heap_next = 0;

static void *take(size_t size, size_t align) {
  if (heap_next == 0) heap_next = (uintptr_t)&__heap_base;
  uintptr_t start = (heap_next + align - 1) & ~(uintptr_t)(align - 1);
  uintptr_t end = start + size;
  uintptr_t have = (uintptr_t)__builtin_wasm_memory_size(0) << 16;
  if (end < start) __builtin_trap();
  if (end > have && __builtin_wasm_memory_grow(0, (end - have + 0xffff) >> 16) == (size_t)-1) __builtin_trap();
  heap_next = end;
  return (void *)start;
}

// The compiler writes calls of these by itself.
void *memcpy(void *to, const void *from, size_t size) {
  uint8_t *out = to;
  const uint8_t *in = from;
  for (size_t at = 0; at < size; at++) out[at] = in[at];
  return to;
}

void *memset(void *to, int value, size_t size) {
  uint8_t *out = to;
  for (size_t at = 0; at < size; at++) out[at] = (uint8_t)value;
  return to;
}

// Where the host puts what it gives us.
EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  if (size == 0) return (void *)align;
  void *fresh = take(size, align);
  if (old_size > 0) memcpy(fresh, old, old_size < size ? old_size : size);
  return fresh;
}

// manifest-check: name, version, list of (name, effect).
EXPORT("describe") const void *export_describe(void) {
  static manifest_check said;
  said = plugin_describe();
  return &said;
}

// result<response, error>: a tag, then response (text, option<text>) or error (a tag, a text).
typedef struct {
  uint8_t failed;
  union {
    struct {
      text result;
      uint8_t has_summary;
      text summary;
    } done;
    struct {
      uint8_t reason;
      text message;
    } error;
  } is;
} returned;

EXPORT("call")
const void *export_call(const char *tool, size_t tool_length, const char *arguments, size_t arguments_length, const char *key, size_t key_length,
                        const char *locale, size_t locale_length, const char *zone, size_t zone_length, uint64_t deadline_ms) {
  static returned out;
  request wanted = {{tool, tool_length}, {arguments, arguments_length}, {key, key_length}, {locale, locale_length}, {zone, zone_length}, deadline_ms};
  answer given = plugin_call(&wanted);
  if (given.outcome == DONE) {
    out.failed = 0;
    out.is.done.result = given.text;
    out.is.done.has_summary = given.summary.length > 0;
    out.is.done.summary = given.summary;
  } else {
    out.failed = 1;
    out.is.error.reason = (uint8_t)given.outcome;
    out.is.error.message = given.text;
  }
  return &out;
}

IMPORT("steward:plugin/log@0.1.0", "write") void import_log_write(int32_t level, const char *at, size_t length);
IMPORT("steward:plugin/clock@0.1.0", "now-ms") int64_t import_clock_now_ms(void);

void log_write(level level, text message) { import_log_write((int32_t)level, message.at, message.length); }

int64_t clock_now_ms(void) { return import_clock_now_ms(); }

bool same(text one, text other) { return one.length == other.length && begins(one, other); }

bool begins(text whole, text part) {
  if (part.length > whole.length) return false;
  for (size_t at = 0; at < part.length; at++) {
    if (whole.at[at] != part.at[at]) return false;
  }
  return true;
}

text joined(const text *pieces) {
  size_t length = 0;
  for (const text *piece = pieces; piece->at != NULL; piece++) length += piece->length;
  char *out = take(length + 1, 1);
  size_t at = 0;
  for (const text *piece = pieces; piece->at != NULL; piece++) {
    memcpy(out + at, piece->at, piece->length);
    at += piece->length;
  }
  return (text){out, length};
}

text json_string(text plain) {
  static const char digits[] = "0123456789abcdef";
  char *out = take(plain.length * 6 + 2, 1);
  size_t length = 0;
  out[length++] = '"';
  for (size_t at = 0; at < plain.length; at++) {
    uint8_t byte = (uint8_t)plain.at[at];
    if (byte == '"' || byte == '\\') {
      out[length++] = '\\';
      out[length++] = (char)byte;
    } else if (byte < 0x20) {
      memcpy(out + length, "\\u00", 4);
      out[length + 4] = digits[byte >> 4];
      out[length + 5] = digits[byte & 15];
      length += 6;
    } else {
      out[length++] = (char)byte;
    }
  }
  out[length++] = '"';
  return (text){out, length};
}

// Where the string that begins after its quote ends.
static size_t string_end(text json, size_t at) {
  while (at < json.length && json.at[at] != '"') at += json.at[at] == '\\' ? 2 : 1;
  return at;
}

static uint32_t hex4(text json, size_t at) {
  uint32_t value = 0;
  for (size_t digit = at; digit < at + 4 && digit < json.length; digit++) {
    char letter = json.at[digit];
    value = value << 4 | (uint32_t)(letter <= '9' ? letter - '0' : (letter | 32) - 'a' + 10);
  }
  return value;
}

// A JSON string without its quotes, its escapes undone.
static text plain(text json) {
  char *out = take(json.length + 1, 1);
  size_t length = 0;
  for (size_t at = 0; at < json.length; at++) {
    if (json.at[at] != '\\') {
      out[length++] = json.at[at];
      continue;
    }
    char code = json.at[++at];
    if (code != 'u') {
      out[length++] = code == 'n' ? '\n' : code == 't' ? '\t' : code == 'r' ? '\r' : code == 'b' ? '\b' : code == 'f' ? '\f' : code;
      continue;
    }
    uint32_t letter = hex4(json, at + 1);
    at += 4;
    if (letter >= 0xd800 && letter < 0xdc00 && at + 6 < json.length && json.at[at + 1] == '\\') {
      letter = 0x10000 + ((letter - 0xd800) << 10) + (hex4(json, at + 3) - 0xdc00);
      at += 6;
    }
    if (letter < 0x80) {
      out[length++] = (char)letter;
    } else if (letter < 0x800) {
      out[length++] = (char)(0xc0 | letter >> 6);
      out[length++] = (char)(0x80 | (letter & 63));
    } else if (letter < 0x10000) {
      out[length++] = (char)(0xe0 | letter >> 12);
      out[length++] = (char)(0x80 | (letter >> 6 & 63));
      out[length++] = (char)(0x80 | (letter & 63));
    } else {
      out[length++] = (char)(0xf0 | letter >> 18);
      out[length++] = (char)(0x80 | (letter >> 12 & 63));
      out[length++] = (char)(0x80 | (letter >> 6 & 63));
      out[length++] = (char)(0x80 | (letter & 63));
    }
  }
  return (text){out, length};
}

// The host's JSON is valid and has no white space between its parts.
bool json_field(text object, text name, text *value) {
  int depth = 0;
  for (size_t at = 0; at < object.length; at++) {
    char byte = object.at[at];
    if (byte == '{' || byte == '[') depth++;
    if (byte == '}' || byte == ']') depth--;
    if (byte != '"') continue;
    size_t end = string_end(object, at + 1);
    bool is_name = depth == 1 && end + 2 < object.length && object.at[end + 1] == ':';
    if (is_name && object.at[end + 2] == '"' && same(plain((text){object.at + at + 1, end - at - 1}), name)) {
      size_t start = end + 3;
      *value = plain((text){object.at + start, string_end(object, start) - start});
      return true;
    }
    at = end;
  }
  return false;
}
