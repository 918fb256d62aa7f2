/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader for job text: hostile, written by people, and to be answered with the exact place.
 *
 * It keeps what a plain parser throws away: the byte where each key and value stands, keys given
 * twice, how deep it is nested; and it is bounded in size and depth. JSON that we write (--json
 * answers) is built with cJSON instead.
 *
 * A document is one tree in the caller's arena. Members keep the order of the text. Nothing in it
 * is freed by itself; json_set() changes it in place.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum {
    JSON_MAX_BYTES = 16 * 1024 * 1024,
    JSON_MAX_DEPTH = 64,          /* a job is at most 12 deep */
    JSON_MAX_VALUES = 200 * 1000, /* what a thousand outputs with every setting have */
};

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json {
    enum json_type type;
    const char *key;    /* of a member; else NULL */
    const char *string; /* JSON_STRING: UTF-8, no NUL inside; JSON_NUMBER: as written */
    double number;
    size_t at;          /* byte offset of the value in the text; JSON_NOWHERE if set later */
    size_t key_at;      /* byte offset of the key's quote */
    bool repeated;      /* this key has stood in the same object before */
    struct json *child; /* first member or element */
    struct json *next;
};

#define JSON_NOWHERE ((size_t)-1)

/**
 * Reads one JSON document, optionally after a UTF-8 byte order mark.
 *
 * @param size    bytes; more than JSON_MAX_BYTES is refused
 * @param ret_at  on failure the byte offset of the fault
 * @retval -1  ERROR_BAD_REQUEST; the message says what was expected and what stands there
 */
int json_parse(struct arena *arena, const char *text, size_t size, struct json **ret,
               size_t *ret_at, struct error *err) MUST_CHECK;

/* The same for texts that may be longer or must be shorter. */
int json_parse_within(struct arena *arena, const char *text, size_t size, size_t max,
                      struct json **ret, size_t *ret_at, struct error *err) MUST_CHECK;

/* The member called `key`, or called so but for the case of its first letter (job.json writes
 * UpperCamelCase, the wire lowerCamelCase); NULL if there is none or object is not an object. */
struct json *json_member(const struct json *object, const char *key);

/* Whether two names are the same setting: equal but for the case of the first letter. */
bool json_same_name(const char *a, const char *b);

/* The value at an RFC 6901 pointer such as "/inputs/0/fileInput", found by json_member's rule;
 * NULL if there is none. "" is the root. */
struct json *json_find(struct json *root, const char *pointer);

/* Puts a value where the pointer says, making the objects on the way; an index one past an
 * array's end appends. `value` is JSON text, or failing that a plain string. */
int json_set(struct arena *arena, struct json *root, const char *pointer, const char *value,
             struct error *err) MUST_CHECK;

/* Length in bytes of the UTF-8 sequence at s; 0 if it is none that Unicode allows. */
int json_utf8_length(const char *s, size_t size);

/* How many code points a text has that is UTF-8: what AWS calls characters, as far as it says. */
int json_utf8_count(const char *s);

#endif
