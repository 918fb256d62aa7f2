/* SPDX-License-Identifier: Apache-2.0 */
/* Job text → a tree with places. The grammar is RFC 8259 to the letter; every refusal says what
 * stands there, because the text was written by a person. */
#include "base/json.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct arena *arena;
    const char *text;
    size_t size, at;
    int depth, values;
    struct error *err;
};

static int read_value(struct reader *r, struct json *value);

/* The byte at `at`, or -1 behind the end. */
static int peek(const struct reader *r)
{
    return r->at < r->size ? (unsigned char)r->text[r->at] : -1;
}

static int fail(struct reader *r, size_t at, const char *fmt, ...) PRINTF(3, 4);
static int fail(struct reader *r, size_t at, const char *fmt, ...)
{
    char text[ERROR_TEXT];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    r->at = at;
    return error_set(r->err, ERROR_BAD_REQUEST, "%s", text);
}

/* What stands at r->at, for a message. */
static const char *found(const struct reader *r, char out[32])
{
    int c = peek(r);
    if (c < 0)
        return "the text ends";
    if (isprint(c))
        snprintf(out, 32, "there is '%c'", c);
    else
        snprintf(out, 32, "there is byte 0x%02x", (unsigned)c);
    return out;
}

static int fail_expected(struct reader *r, const char *what)
{
    char here[32];
    int c = peek(r);
    if (c == '/' || c == '#')
        return fail(r, r->at, "expected %s, but %s: JSON has no comments", what, found(r, here));
    if (c == '\'')
        return fail(r, r->at, "expected %s, but %s: JSON has double quotes only", what,
                    found(r, here));
    return fail(r, r->at, "expected %s, but %s", what, found(r, here));
}

static void skip_space(struct reader *r)
{
    while (r->at < r->size && memchr(" \t\r\n", r->text[r->at], 4))
        r->at++;
}

int json_utf8_length(const char *s, size_t size)
{
    const unsigned char *u = (const unsigned char *)s;
    if (size > 0 && u[0] < 0x80)
        return 1;
    int length = size == 0 ? 0 : u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
    if (length == 0 || u[0] < 0xc2 || u[0] > 0xf4 || (size_t)length > size)
        return 0;
    for (int i = 1; i < length; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xf0 && u[1] < 0x90);
    bool surrogate = u[0] == 0xed && u[1] >= 0xa0;
    bool beyond = u[0] == 0xf4 && u[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
}

int json_utf8_count(const char *s)
{
    int count = 0;
    for (; *s; s++)
        count += ((unsigned char)*s & 0xc0) != 0x80;
    return count;
}

static char *utf8_write(char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

/* Reads the four digits after \u. */
static int read_hex4(struct reader *r, unsigned *ret)
{
    unsigned code = 0;
    for (int i = 0; i < 4; i++) {
        int c = peek(r);
        if (c < 0 || !isxdigit(c))
            return fail_expected(r, "four hexadecimal digits after '\\u'");
        code = code * 16 + (unsigned)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
        r->at++;
    }
    *ret = code;
    return 0;
}

/* After \u: one code point, from two escapes if it is beyond the first plane. */
static int read_unicode(struct reader *r, size_t start, unsigned *ret)
{
    unsigned code;
    if (read_hex4(r, &code) < 0)
        return -1;
    if (code == 0)
        return fail(r, start, "a string with '\\u0000' in it is of no use here");
    if (code >= 0xd800 && code <= 0xdbff) {
        unsigned low = 0;
        if (r->size - r->at < 2 || memcmp(r->text + r->at, "\\u", 2) != 0)
            return fail(r, start, "half a surrogate pair: '\\u%04x' needs its second half", code);
        r->at += 2;
        if (read_hex4(r, &low) < 0)
            return -1;
        if (low < 0xdc00 || low > 0xdfff)
            return fail(r, start, "'\\u%04x' is no second half for '\\u%04x'", low, code);
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) {
        return fail(r, start, "half a surrogate pair: '\\u%04x' has no first half", code);
    }
    *ret = code;
    return 0;
}

static int read_escape(struct reader *r, char **out)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    size_t start = r->at++;
    int c = peek(r);
    if (c == 'u') {
        unsigned code = 0;
        r->at++;
        if (read_unicode(r, start, &code) < 0)
            return -1;
        *out = utf8_write(*out, code);
        return 0;
    }
    const char *name = c > 0 ? strchr(names, c) : NULL;
    if (!name)
        return fail_expected(r, "one of \" \\ / b f n r t u after '\\'");
    *(*out)++ = values[name - names];
    r->at++;
    return 0;
}

/* Bytes to the closing quote: what a string needs at most, escapes only shrink. */
static size_t string_bytes(const struct reader *r)
{
    size_t at = r->at;
    while (at < r->size && r->text[at] != '"')
        at += r->text[at] == '\\' ? 2 : 1;
    return (at < r->size ? at : r->size) - r->at;
}

static int read_string(struct reader *r, const char **ret)
{
    size_t start = r->at++;
    char *string = arena_alloc(r->arena, string_bytes(r) + 1);
    char *out = string;
    for (int c; (c = peek(r)) != '"';) {
        if (c < 0)
            return fail(r, start, "this string is not closed");
        if (c == '\n')
            return fail(r, start, "this string is not closed on its line");
        if (c < 0x20)
            return fail(r, r->at, "control character 0x%02x in a string: write it as an escape",
                        (unsigned)c);
        if (c == '\\') {
            if (read_escape(r, &out) < 0)
                return -1;
            continue;
        }
        int length = json_utf8_length(r->text + r->at, r->size - r->at);
        if (!length)
            return fail(r, r->at, "byte 0x%02x is not UTF-8", (unsigned)c);
        memcpy(out, r->text + r->at, (size_t)length);
        out += length;
        r->at += (size_t)length;
    }
    r->at++;
    *ret = string;
    return 0;
}

static bool skip_digits(struct reader *r)
{
    size_t start = r->at;
    while (peek(r) >= 0 && isdigit(peek(r)))
        r->at++;
    return r->at > start;
}

static int read_number(struct reader *r, struct json *value)
{
    size_t start = r->at;
    r->at += peek(r) == '-';
    bool leading_zero = peek(r) == '0';
    size_t digits = r->at;
    if (!skip_digits(r))
        return fail_expected(r, "a digit after '-'");
    if (leading_zero && r->at - digits > 1)
        return fail(r, start, "a number does not start with 0");
    if (peek(r) == '.') {
        r->at++;
        if (!skip_digits(r))
            return fail_expected(r, "a digit after '.'");
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->at++;
        r->at += peek(r) == '+' || peek(r) == '-';
        if (!skip_digits(r))
            return fail_expected(r, "a digit in the exponent");
    }
    value->type = JSON_NUMBER;
    value->string = arena_strndup(r->arena, r->text + start, r->at - start);
    value->number = strtod(value->string, NULL);
    if (!isfinite(value->number))
        return fail(r, start, "%.40s is too large a number", value->string);
    return 0;
}

/* true, false, null, or a word that is none of them. */
static int read_word(struct reader *r, struct json *value)
{
    static const struct {
        const char *word;
        enum json_type type;
    } words[] = {{"true", JSON_TRUE}, {"false", JSON_FALSE}, {"null", JSON_NULL}};

    size_t length = 0;
    while (r->at + length < r->size &&
           (isalnum((unsigned char)r->text[r->at + length]) || r->text[r->at + length] == '_'))
        length++;
    for (size_t i = 0; i < COUNT(words); i++)
        if (length == strlen(words[i].word) &&
            memcmp(r->text + r->at, words[i].word, length) == 0) {
            value->type = words[i].type;
            r->at += length;
            return 0;
        }
    if (length == 0)
        return fail_expected(r, "a value");
    return fail(r, r->at, "'%.*s' is no JSON value: a string stands in double quotes",
                (int)(length < 40 ? length : 40), r->text + r->at);
}

static int by_key_then_place(const void *a, const void *b)
{
    const struct json *x = *(struct json *const *)a, *y = *(struct json *const *)b;
    int order = strcmp(x->key, y->key);
    return order ? order : (x->key_at > y->key_at) - (x->key_at < y->key_at);
}

/* Sorted rather than compared pairwise, so that a hostile object costs no n². */
static void mark_repeated(struct reader *r, struct json *object, int count)
{
    if (count < 2)
        return;
    struct json **sorted = ARENA_ARRAY(r->arena, struct json *, count);
    int i = 0;
    for (struct json *m = object->child; m; m = m->next)
        sorted[i++] = m;
    qsort(sorted, (size_t)count, sizeof(*sorted), by_key_then_place);
    for (i = 1; i < count; i++)
        sorted[i]->repeated = strcmp(sorted[i - 1]->key, sorted[i]->key) == 0;
}

static int read_key(struct reader *r, struct json *member)
{
    if (peek(r) != '"')
        return fail_expected(r, "a member's name in double quotes");
    member->key_at = r->at;
    if (read_string(r, &member->key) < 0)
        return -1;
    skip_space(r);
    if (peek(r) != ':')
        return fail_expected(r, "':' after a member's name");
    r->at++;
    skip_space(r);
    return 0;
}

/* After a member or element: 1 if another follows, 0 at the end. */
static int read_separator(struct reader *r, char close)
{
    skip_space(r);
    if (peek(r) == close) {
        r->at++;
        return 0;
    }
    if (peek(r) != ',')
        return fail_expected(r, close == '}' ? "',' or '}'" : "',' or ']'");
    size_t comma = r->at++;
    skip_space(r);
    if (peek(r) == close)
        return fail(r, comma, "a comma with nothing after it before '%c'", close);
    return 1;
}

static int read_children(struct reader *r, struct json *parent)
{
    char close = parent->type == JSON_OBJECT ? '}' : ']';
    struct json **tail = &parent->child;
    int count = 0, more = 1;
    r->at++;
    skip_space(r);
    if (peek(r) == close) {
        r->at++;
        return 0;
    }
    while (more == 1) {
        struct json *child = ARENA_NEW(r->arena, struct json);
        if (parent->type == JSON_OBJECT && read_key(r, child) < 0)
            return -1;
        if (read_value(r, child) < 0)
            return -1;
        *tail = child;
        tail = &child->next;
        count++;
        more = read_separator(r, close);
    }
    if (more == 0 && parent->type == JSON_OBJECT)
        mark_repeated(r, parent, count);
    return more;
}

static int read_value(struct reader *r, struct json *value)
{
    value->at = r->at;
    if (++r->values > JSON_MAX_VALUES)
        return fail(r, r->at, "more than %d values", JSON_MAX_VALUES);
    int c = peek(r);
    if (c == '"') {
        value->type = JSON_STRING;
        return read_string(r, &value->string);
    }
    if (c == '-' || (c >= 0 && isdigit(c)))
        return read_number(r, value);
    if (c != '{' && c != '[')
        return read_word(r, value);
    value->type = c == '{' ? JSON_OBJECT : JSON_ARRAY;
    if (++r->depth > JSON_MAX_DEPTH)
        return fail(r, r->at, "nested deeper than %d", JSON_MAX_DEPTH);
    int result = read_children(r, value);
    r->depth--;
    return result;
}

static size_t mark_bytes(const char *text, size_t size)
{
    return size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static int read_document(struct reader *r, struct json *root)
{
    r->at = mark_bytes(r->text, r->size);
    skip_space(r);
    if (read_value(r, root) < 0)
        return -1;
    skip_space(r);
    if (r->at < r->size)
        return fail_expected(r, "the end of the text");
    return 0;
}

int json_parse(struct arena *arena, const char *text, size_t size, struct json **ret,
               size_t *ret_at, struct error *err)
{
    return json_parse_within(arena, text, size, JSON_MAX_BYTES, ret, ret_at, err);
}

int json_parse_within(struct arena *arena, const char *text, size_t size, size_t max,
                      struct json **ret, size_t *ret_at, struct error *err)
{
    struct reader r = {.arena = arena, .text = text, .size = size, .err = err};
    struct json *root = ARENA_NEW(arena, struct json);
    if (size > max) {
        *ret_at = 0;
        return fail(&r, 0, "more than %zu MiB", max / 1024 / 1024);
    }
    if (read_document(&r, root) < 0) {
        *ret_at = r.at;
        return -1;
    }
    *ret = root;
    return 0;
}

bool json_same_name(const char *a, const char *b)
{
    return tolower((unsigned char)a[0]) == tolower((unsigned char)b[0]) &&
           (a[0] == '\0' || strcmp(a + 1, b + 1) == 0);
}

struct json *json_member(const struct json *object, const char *key)
{
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (struct json *m = object->child; m; m = m->next)
        if (json_same_name(m->key, key))
            return m;
    return NULL;
}

/* The next token of a pointer that starts with '/', its ~0 and ~1 undone; moves *pointer on. */
static const char *pointer_token(struct arena *arena, const char **pointer)
{
    const char *start = *pointer + 1;
    size_t length = strcspn(start, "/");
    char *token = arena_strndup(arena, start, length), *out = token;
    for (const char *in = token; *in; in++)
        if (in[0] == '~' && (in[1] == '0' || in[1] == '1'))
            *out++ = *++in == '0' ? '~' : '/';
        else
            *out++ = *in;
    *out = '\0';
    *pointer = start + length;
    return token;
}

/* The index that a token is, or -1. */
static int token_index(const char *token)
{
    size_t digits = strspn(token, "0123456789");
    if (digits == 0 || digits > 6 || token[digits] || (token[0] == '0' && digits > 1))
        return -1;
    return atoi(token);
}

static struct json *child_of(const struct json *parent, const char *token)
{
    if (parent->type != JSON_ARRAY)
        return json_member(parent, token);
    int index = token_index(token);
    struct json *element = index < 0 ? NULL : parent->child;
    while (element && index-- > 0)
        element = element->next;
    return element;
}

struct json *json_find(struct json *root, const char *pointer)
{
    CLEANUP(arena_free) struct arena *scratch = arena_new();
    struct json *at = root;
    while (at && *pointer == '/')
        at = child_of(at, pointer_token(scratch, &pointer));
    return *pointer ? NULL : at;
}

static void forget_places(struct json *value)
{
    value->at = value->key_at = JSON_NOWHERE;
    for (struct json *child = value->child; child; child = child->next)
        forget_places(child);
}

/* `value` as JSON, or as the plain string that a person typed. */
static int value_of(struct arena *arena, const char *value, struct json **ret, struct error *err)
{
    size_t length = strlen(value), at;
    struct error plain;
    if (json_parse(arena, value, length, ret, &at, &plain) < 0) {
        for (size_t i = 0, n; i < length; i += n)
            if ((n = (size_t)json_utf8_length(value + i, length - i)) == 0)
                return error_set(err, ERROR_BAD_REQUEST, "the value is not UTF-8");
        *ret = ARENA_NEW(arena, struct json);
        (*ret)->type = JSON_STRING;
        (*ret)->string = arena_strdup(arena, value);
    }
    forget_places(*ret);
    return 0;
}

/* A new null at the end of an object or array, to be filled in; NULL if it cannot be there. */
static struct json *add_child(struct arena *arena, struct json *parent, const char *token)
{
    int count = 0;
    struct json **tail = &parent->child;
    for (; *tail; tail = &(*tail)->next)
        count++;
    if (parent->type == JSON_ARRAY && token_index(token) != count)
        return NULL;
    *tail = ARENA_NEW(arena, struct json);
    (*tail)->at = (*tail)->key_at = JSON_NOWHERE;
    (*tail)->key = parent->type == JSON_OBJECT ? token : NULL;
    return *tail;
}

int json_set(struct arena *arena, struct json *root, const char *pointer, const char *value,
             struct error *err)
{
    struct json *at = root, *set;
    const char *rest = pointer;
    if (*rest && *rest != '/')
        return error_set(err, ERROR_BAD_REQUEST, "'%s' is no pointer: it starts with '/'", pointer);
    if (value_of(arena, value, &set, err) < 0)
        return error_add(err, "cannot set '%s'", pointer);
    while (*rest) {
        if (at->type == JSON_NULL)
            at->type = JSON_OBJECT;
        if (at->type != JSON_OBJECT && at->type != JSON_ARRAY)
            return error_set(err, ERROR_BAD_REQUEST, "cannot set '%s': '%.*s' has no members",
                             pointer, (int)(rest - pointer), pointer);
        const char *token = pointer_token(arena, &rest);
        struct json *child = child_of(at, token);
        if (!child && !(child = add_child(arena, at, token)))
            return error_set(err, ERROR_BAD_REQUEST, "cannot set '%s': there is no element '%s'",
                             pointer, token);
        at = child;
    }
    *at = (struct json){.type = set->type,
                        .key = at->key,
                        .string = set->string,
                        .number = set->number,
                        .at = JSON_NOWHERE,
                        .key_at = at->key_at,
                        .repeated = at->repeated,
                        .child = set->child,
                        .next = at->next};
    return 0;
}
