/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { NAME_BYTES = 255 };

#define ESCAPE    ".%"
#define CONTINUED ".%+"

/* Text that is put together in a buffer; `full` says that it did not fit. */
struct out {
    char *data;
    size_t used, size;
    bool full;
};

static void put(struct out *out, const char *bytes, size_t count)
{
    if (count >= out->size - out->used) {
        out->full = true;
        return;
    }
    memcpy(out->data + out->used, bytes, count);
    out->used += count;
    out->data[out->used] = '\0';
}

static bool is(const char *component, size_t length, const char *name)
{
    return length == strlen(name) && !memcmp(component, name, length);
}

static bool begins(const char *component, size_t length, const char *prefix)
{
    return length >= strlen(prefix) && !memcmp(component, prefix, strlen(prefix));
}

static bool needs_escape(const char *component, size_t length, bool first)
{
    return length == 0 || is(component, length, ".") || is(component, length, "..") ||
           (first && is(component, length, KEY_UPLOADS)) || begins(component, length, ESCAPE);
}

/* How much of a long component fits behind CONTINUED without tearing a UTF-8 character. */
static size_t first_piece(const char *component)
{
    size_t most = NAME_BYTES - strlen(CONTINUED), piece = most;
    while (piece > most - 4 && ((unsigned char)component[piece] & 0xc0) == 0x80)
        piece--;
    return piece > most - 4 ? piece : most; // not UTF-8: anywhere
}

static void put_component(struct out *out, const char *component, size_t length, bool first)
{
    bool escape = needs_escape(component, length, first);
    while (length + (escape ? strlen(ESCAPE) : 0) > NAME_BYTES) {
        size_t piece = first_piece(component);
        put(out, CONTINUED, strlen(CONTINUED));
        put(out, component, piece);
        put(out, "/", 1);
        component += piece;
        length -= piece;
        escape = needs_escape(component, length, false);
    }
    if (escape)
        put(out, ESCAPE, strlen(ESCAPE));
    put(out, component, length);
}

int key_to_path(const char *key, char path[KEY_PATH_SIZE])
{
    size_t length = strlen(key);
    if (length == 0 || length > KEY_MAX_BYTES)
        return -1;

    struct out out = {.data = path, .size = KEY_PATH_SIZE};
    for (const char *component = key;; component++) {
        size_t size = strcspn(component, "/");
        put_component(&out, component, size, component == key);
        component += size;
        if (!*component)
            return out.full ? -1 : 0;
        put(&out, "/", 1);
    }
}

/* Undoes put_component() for one name of a path, without asking whether it was needed. */
static void put_name(struct out *out, const char *name, size_t length, bool last)
{
    if (begins(name, length, CONTINUED)) {
        put(out, name + strlen(CONTINUED), length - strlen(CONTINUED));
        return;
    }
    size_t skip = begins(name, length, ESCAPE) ? strlen(ESCAPE) : 0;
    put(out, name + skip, length - skip);
    if (!last)
        put(out, "/", 1);
}

int key_from_path(const char *path, char key[KEY_MAX_BYTES + 1])
{
    size_t length = strlen(path);
    if (length > strlen("/" KEY_BESIDE) &&
        !strcmp(path + length - strlen("/" KEY_BESIDE), "/" KEY_BESIDE))
        length -= strlen("/" KEY_BESIDE);

    struct out out = {.data = key, .size = KEY_MAX_BYTES + 1};
    key[0] = '\0';
    for (size_t at = 0; at <= length;) {
        size_t size = strcspn(path + at, "/");
        if (size > length - at)
            size = length - at;
        put_name(&out, path + at, size, at + size == length);
        at += size + 1;
    }

    char again[KEY_PATH_SIZE]; // a name that we would not have written is not ours
    if (out.full || key_to_path(key, again) < 0)
        return -1;
    return strlen(again) == length && !memcmp(again, path, length) ? 0 : -1;
}

enum key_name key_name(const char *name, const char **ret)
{
    size_t length = strlen(name);
    *ret = name;
    if (is(name, length, KEY_BESIDE))
        return KEY_NAME_BESIDE;
    if (begins(name, length, CONTINUED)) {
        *ret += strlen(CONTINUED);
        return length + 4 > NAME_BYTES ? KEY_NAME_CONTINUED : KEY_NAME_NONE;
    }
    *ret += begins(name, length, ESCAPE) ? strlen(ESCAPE) : 0;
    return KEY_NAME_COMPONENT;
}
