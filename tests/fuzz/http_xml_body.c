/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the body of a request that is XML, checked by a table: whatever it is, it is refused
 * with a message or has what the table says. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/xml_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const colours[] = {"red", "green", NULL};

static const struct xml_member inner[] = {
    {"Name", XML_TEXT, .least = 1, .min = 1, .max = 8, .pattern = "^[a-z]+$"},
    {"Colour", XML_TEXT, .choices = colours},
    {0},
};

static const struct xml_member members[] = {
    {"Flag", XML_FLAG, .least = 1},
    {"Number", XML_NUMBER, .min = -5, .max = 100},
    {"Inner", XML_STRUCTURE, .most = 3, .members = inner},
    {"Never", .refused = "there is none"},
    {0},
};

static void check_inner(struct call *call, const xml_node *element)
{
    const char *name = xml_member_text(call, element, "Name");
    const char *colour = xml_member_text(call, element, "Colour");
    size_t length = name ? strlen(name) : 0;
    if (!length || length > 8 || strspn(name, "abcdefghijklmnopqrstuvwxyz") != length)
        abort();
    if (colour && strcmp(colour, colours[0]) && strcmp(colour, colours[1]))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct call call;
    struct error err = {0};
    struct xml *xml = NULL;
    call_init(&call);
    call.body = (const char *)data;
    call.body_size = size;
    if (xml_body(&call, "Request", members, &xml, &err) == 0) {
        const xml_node *root = xml_root(xml);
        const char *number = xml_member_text(&call, root, "Number");
        int count = 0;
        if (!xml_child(root, "Flag") || xml_child(root, "Never") ||
            (number && (atoi(number) < -5 || atoi(number) > 100)))
            abort();
        for (const xml_node *i = xml_child(root, "Inner"); i; i = xml_next(i, "Inner"), count++)
            check_inner(&call, i);
        if (count > 3)
            abort();
    } else if (xml || err.kind != ERROR_BAD_REQUEST || !err.frames) {
        abort();
    }
    xml_free(&xml);
    call_release(&call);
    return 0;
}
