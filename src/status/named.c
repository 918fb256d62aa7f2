/* SPDX-License-Identifier: Apache-2.0 */
#include "status/named.h"

#include "status/page.h"

/* Keys that sort as the list is to be sorted. */
static const struct {
    const char *list, *key;
} orders[] = {
    [LIST_BY_NAME] = {"name", "name"},
    [LIST_BY_CREATION_DATE] = {"created", "printf('%020d', number)"},
    [LIST_BY_SYSTEM] = {"system", "(1 - system) || name"},
};

int named_list_sql(struct text *sql, const char *columns, const char *from, enum list_by by,
                   const struct page *page, struct arena *arena, const char **ret_after,
                   struct error *err)
{
    const char *after = page->descending ? "\xff" : "";
    if (page->token && page_key(arena, orders[by].list, page->token, &after, err) < 0)
        return -1;
    text_add(sql, "SELECT %s AS key, %s FROM %s AND key %s ? ORDER BY key%s LIMIT ?",
             orders[by].key, columns, from, page->descending ? "<" : ">",
             page->descending ? " DESC" : "");
    *ret_after = after;
    return 0;
}

const char *named_list(enum list_by by)
{
    return orders[by].list;
}

int named_tags(struct transaction *t, const char *resource, struct arena *arena, const char **ret,
               struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT json_group_object(key, value) FROM tags WHERE resource = ?");
    bind_text(s, resource);
    if (statement_row(s, err) < 0)
        return -1;
    *ret = column_text(s, arena);
    return 0;
}

int named_add_tags(struct transaction *t, const char *resource, const char *tags, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "INSERT OR REPLACE INTO tags (resource, key, value)"
                               " SELECT ?, key, value FROM json_each(?)");
    bind_text(s, resource);
    bind_text(s, tags);
    return statement_run(s, err) < 0 ? -1 : 0;
}

int named_forget_tags(struct transaction *t, const char *resource, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(t->database, "DELETE FROM tags WHERE resource = ?");
    bind_text(s, resource);
    return statement_run(s, err) < 0 ? -1 : 0;
}
