/* SPDX-License-Identifier: Apache-2.0 */
#include "status/page.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "status/statement.h"
#include "status/status.h"

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

int page_after(struct arena *arena, const char *list, const struct page *page, const char **ret,
               struct error *err)
{
    *ret = "";
    return page->token ? page_key(arena, list, page->token, ret, err) : 0;
}

int page_read(struct statement *s, const char *list, const struct page *page, struct arena *arena,
              page_row *read, void ***ret, int *ret_count, const char **ret_next, struct error *err)
{
    bind_int(s, (int64_t)page->max + 1); // one more tells whether there is a next page
    void **rows = ARENA_ARRAY(arena, void *, page->max);
    const char *key = NULL;
    int count = 0, r;
    while ((r = statement_row(s, err)) > 0 && count < page->max) {
        key = column_text(s, arena);
        rows[count++] = read(s, arena);
    }
    if (r < 0)
        return -1;
    *ret = rows;
    *ret_count = count;
    *ret_next = r > 0 && key ? page_token(arena, list, key) : NULL;
    return 0;
}
