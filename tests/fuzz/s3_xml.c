/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an S3 server's document, looked through; and as a value that we send and read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "s3/xml.h"

static void look_through(const char *text, size_t size)
{
    static const char *const names[] = {"Contents", "Key", "Upload", "Error", "Code"};
    CLEANUP(xml_free) struct xml *xml = xml_parse(text, size);
    if (!xml)
        return;
    const xml_node *root = xml_root(xml);
    for (size_t i = 0; i < COUNT(names); i++) {
        for (const xml_node *node = xml_child(root, names[i]); node;
             node = xml_next(node, names[i])) {
            if (!xml_is(node, names[i]) || !xml_value(node, "Key"))
                abort();
            (void)strlen(xml_value(node, "ETag"));
        }
    }
}

/* Text that XML can hold comes back as it was. */
static void round_trip(const char *value)
{
    CLEANUP(text_release) struct text text = {0};
    for (const char *c = value; *c; c++) {
        if ((*c < ' ' && !strchr("\t\r\n", *c)) || *c == 0x7f) // also whatever is not ASCII
            return;
    }
    text_add(&text, "<a>");
    xml_add(&text, "b", value);
    text_add(&text, "</a>");
    CLEANUP(xml_free) struct xml *xml = xml_parse(text.data, text.size);
    if (!xml || strcmp(xml_value(xml_root(xml), "b"), value))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(free_pointer) char *value = strndup((const char *)data, size);
    look_through((const char *)data, size);
    round_trip(value);
    return 0;
}
