// A Steward tool plugin in C: all there is to the interface, by hand. No library, no code generator.
//
// A plugin has two functions, `plugin_describe` and `plugin_call`; `steward.c` makes of them what the host calls. Every call has an instance
// of its own, so memory is only ever taken and never given back.

#ifndef STEWARD_H
#define STEWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A piece of UTF-8. It does not end with a NUL.
typedef struct {
  const char *at;
  size_t length;
} text;

#define TEXT(literal) ((text){(literal), sizeof(literal) - 1})

// What a tool does to the world, as in `tool.toml`.
typedef enum { READ, FETCH, WRITE, SEND, DESTROY, MONEY, CREDENTIAL, MEMBER, ADMIN } effect;

typedef struct {
  text name;
  uint8_t effect;
} tool_check;

// What the code says of itself; it must agree with `tool.toml`.
typedef struct {
  text name;
  text version;
  const tool_check *tools;
  size_t count;
} manifest_check;

typedef struct {
  text tool;
  text arguments;  // JSON, already checked against the schema.
  text key;        // The same on every try of the same call.
  text locale;     // BCP 47.
  text time_zone;  // IANA.
  uint64_t deadline_ms;
} request;

// Why a call brings no result. The text is shown to the model.
typedef enum { DONE = -1, INVALID_ARGUMENTS = 0, NOT_FOUND, DENIED, UNAVAILABLE, FAILED } outcome;

typedef struct {
  outcome outcome;
  text text;     // With DONE the result as JSON, otherwise what went wrong.
  text summary;  // With DONE one line for people; none where its length is 0.
} answer;

// To be written by the plugin.
manifest_check plugin_describe(void);
answer plugin_call(const request *request);

// Whether two pieces are the same.
bool same(text one, text other);
// Whether a piece begins with another.
bool begins(text whole, text part);
// Several pieces as one; the last is `(text){0}`.
text joined(const text *pieces);
// A text as a JSON string, in quotes.
text json_string(text plain);
// The string of a field at the top of a JSON object; false where there is none.
bool json_field(text object, text name, text *value);

// Asking the host. Each is a grant: it stands under `[imports]` in `tool.toml`, or is not called.
typedef enum { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } level;
void log_write(level level, text message);  // log = true
int64_t clock_now_ms(void);                 // clock = true

#endif
