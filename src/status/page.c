/* SPDX-License-Identifier: Apache-2.0 */
#include "status/page.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { TOKEN_MAX = 2048 };

static const char digits[] = "0123456789abcdef";

/* "LIST KEY" in hexadecimal digits. */
const char *page_token(struct arena *arena, const char *list, const char *key)
{
    const char *plain = arena_printf(arena, "%s %s", list, key);
    size_t size = strlen(plain);
    char *token = arena_alloc(arena, 2 * size + 1);
    for (size_t i = 0; i < size; i++) {
        token[2 * i] = digits[(unsigned char)plain[i] >> 4];
        token[2 * i + 1] = digits[(unsigned char)plain[i] & 15];
    }
    return token;
}

/* NULL if the token is not what page_token() makes. */
static const char *plain_of(struct arena *arena, const char *token)
{
    size_t size = strlen(token);
    if (size % 2 || size > TOKEN_MAX || strspn(token, digits) != size)
        return NULL;
    char *plain = arena_alloc(arena, size / 2 + 1);
    for (size_t i = 0; i < size / 2; i++)
        plain[i] = (char)((strchr(digits, token[2 * i]) - digits) << 4 |
                          (strchr(digits, token[2 * i + 1]) - digits));
    return strlen(plain) == size / 2 ? plain : NULL;
}

int page_key(struct arena *arena, const char *list, const char *token, const char **ret,
             struct error *err)
{
    const char *plain = plain_of(arena, token);
    size_t size = strlen(list);
    if (!plain || strncmp(plain, list, size) != 0 || plain[size] != ' ')
        return error_set(err, ERROR_BAD_REQUEST, "this is no token of this list");
    *ret = plain + size + 1;
    return 0;
}

const char *page_token_number(struct arena *arena, const char *list, int64_t number)
{
    return page_token(arena, list, arena_printf(arena, "%" PRId64, number));
}

int page_number(struct arena *arena, const char *list, const char *token, int64_t *ret,
                struct error *err)
{
    const char *key;
    if (page_key(arena, list, token, &key, err) < 0)
        return -1;
    char *end;
    errno = 0;
    long long number = strtoll(key, &end, 10);
    if (end == key || *end || errno || number < 0)
        return error_set(err, ERROR_BAD_REQUEST, "this is no token of this list");
    *ret = number;
    return 0;
}
