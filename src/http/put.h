/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON that answers a call, written straight into a text.
 *
 *   put_open(out, NULL, '{');          {
 *   put_string(out, "id", id);         "id":"…",
 *   put_json(out, "settings", text);   "settings":…,
 *   put_close(out, '}');               },
 *   put_finish(out);                   }
 *
 * A NULL name is an element of an array or the whole. What is put as JSON is trusted to be some.
 */
#ifndef HTTP_PUT_H
#define HTTP_PUT_H

#include <stdint.h>

#include "base/json.h"
#include "base/text.h"
#include "job/setting.h"

void put_open(struct text *out, const char *name, char bracket);
void put_close(struct text *out, char bracket);

/* Drops the comma behind the last value. */
void put_finish(struct text *out);

/* A value that is NULL is left out. */
void put_string(struct text *out, const char *name, const char *value);
void put_number(struct text *out, const char *name, int64_t value);
void put_json(struct text *out, const char *name, const char *json);

/* The members of an object. NULL: none. */
void put_members(struct text *out, const char *object);

/* A time in microseconds, as seconds; 0 is left out. */
void put_time(struct text *out, const char *name, int64_t us);

/* A value of a request. `s` is its row, by which names of members become those of the wire; NULL:
 * written as it is. Members that are null are left out. */
void put_value(struct text *out, const char *name, const struct setting *s,
               const struct json *value);

/* A member of a request under its row's name on the wire. */
void put_member(struct text *out, const struct setting *row, const struct json *value);

/* The row of a structure that a member has, called so but for the case of its first letter; NULL
 * if there is none. */
const struct setting *put_row(const struct structure *structure, const char *name);

#endif
