/* SPDX-License-Identifier: Apache-2.0 */
#include "function/name.h"

#include <stdbool.h>
#include <string.h>

enum { PARTS_MAX = 8, TEXT_MAX = 256 };

#define NAME_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

bool function_name_valid(const char *name)
{
    size_t size = strnlen(name, FUNCTION_NAME_MAX + 1);
    return size && size <= FUNCTION_NAME_MAX && strspn(name, NAME_LETTERS) == size;
}

/* Splits at colons, in place. Returns how many parts there are; 0: too many. */
static int split(char *text, const char *parts[PARTS_MAX])
{
    int count = 0;
    for (char *colon; text; text = colon) {
        if (count == PARTS_MAX)
            return 0;
        parts[count++] = text;
        colon = strchr(text, ':');
        if (colon)
            *colon++ = '\0';
    }
    return count;
}

/* The parts of NAME[:QUALIFIER], with what stands before them taken off. */
struct reference {
    const char *partition, *service, *region, *account; /* NULL: not said */
    const char *name, *qualifier;                       /* qualifier: NULL: not said */
};

static int read_reference(const char **parts, int count, struct reference *ret)
{
    struct reference r = {0};
    if (count >= 7 && strcmp(parts[0], "arn") == 0) {
        r.partition = parts[1];
        r.service = parts[2];
        r.region = parts[3];
        parts += 4;
        count -= 4;
    }
    if (count >= 3 && strcmp(parts[1], "function") == 0) {
        r.account = parts[0];
        parts += 2;
        count -= 2;
    } else if (r.service) {
        return -1;
    }
    if (count < 1 || count > 2 || (r.service && strcmp(r.service, "lambda") != 0))
        return -1;
    r.name = parts[0];
    r.qualifier = count == 2 ? parts[1] : NULL;
    *ret = r;
    return 0;
}

static bool differs(const char *said, const char *ours)
{
    return said && strcmp(said, ours) != 0;
}

int function_name_parse(const char *text, const char *qualifier, const struct status_owner *owner,
                        char ret[FUNCTION_NAME_MAX + 1], struct error *err)
{
    char copy[TEXT_MAX];
    const char *parts[PARTS_MAX];
    struct reference r;
    size_t size = strnlen(text, sizeof(copy));
    if (size == sizeof(copy))
        return error_set(err, ERROR_BAD_REQUEST, "a function's name or ARN is not so long");
    memcpy(copy, text, size + 1);
    if (read_reference(parts, split(copy, parts), &r) < 0 || !function_name_valid(r.name))
        return error_set(err, ERROR_BAD_REQUEST, "'%s' is no function's name or ARN", text);
    if (differs(r.region, owner->region) || differs(r.account, owner->account))
        return error_set(err, ERROR_NOT_FOUND,
                         "there is no function '%s': this is account %s in region %s", text,
                         owner->account, owner->region);
    if (r.qualifier && qualifier && strcmp(r.qualifier, qualifier) != 0)
        return error_set(err, ERROR_BAD_REQUEST, "'%s' and the qualifier '%s' are not the same",
                         text, qualifier);
    qualifier = r.qualifier ? r.qualifier : qualifier;
    if (qualifier && strcmp(qualifier, "$LATEST") != 0)
        return error_set(err, ERROR_NOT_FOUND,
                         "the function '%s' has no version or alias '%s': there is only $LATEST",
                         r.name, qualifier);
    memcpy(ret, r.name, strlen(r.name) + 1);
    return 0;
}

const char *function_arn(const struct status_owner *owner, struct arena *arena, const char *name)
{
    return arena_printf(arena, "arn:aws:lambda:%s:%s:function:%s", owner->region, owner->account,
                        name);
}
