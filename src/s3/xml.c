/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/xml.h"

#include <limits.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

struct xml {
    xmlDoc doc;
};

struct xml *xml_parse(const char *text, size_t size)
{
    if (!size || size > INT_MAX)
        return NULL;
    xmlDoc *doc = xmlReadMemory(text, (int)size, NULL, NULL,
                                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                    XML_PARSE_NOCDATA);
    if (doc && (doc->intSubset || doc->extSubset || !xmlDocGetRootElement(doc))) {
        xmlFreeDoc(doc);
        return NULL;
    }
    return (struct xml *)doc;
}

void xml_free(struct xml **xml)
{
    if (*xml)
        xmlFreeDoc(&(*xml)->doc);
    *xml = NULL;
}

const xml_node *xml_root(const struct xml *xml)
{
    return xmlDocGetRootElement(&xml->doc);
}

bool xml_is(const xml_node *element, const char *name)
{
    return element->type == XML_ELEMENT_NODE && !strcmp((const char *)element->name, name);
}

static const xml_node *first_called(const xml_node *node, const char *name)
{
    while (node && !xml_is(node, name))
        node = node->next;
    return node;
}

const xml_node *xml_child(const xml_node *element, const char *name)
{
    return element ? first_called(element->children, name) : NULL;
}

const xml_node *xml_next(const xml_node *element, const char *name)
{
    return element ? first_called(element->next, name) : NULL;
}

const char *xml_content(const xml_node *element)
{
    const xml_node *text = element ? element->children : NULL;
    return text && text->type == XML_TEXT_NODE && text->content ? (const char *)text->content : "";
}

const char *xml_value(const xml_node *element, const char *child)
{
    return xml_content(xml_child(element, child));
}

static const xml_node *first_element(const xml_node *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

const xml_node *xml_first(const xml_node *element)
{
    return element ? first_element(element->children) : NULL;
}

const xml_node *xml_following(const xml_node *element)
{
    return element ? first_element(element->next) : NULL;
}

const char *xml_name(const xml_node *element)
{
    return (const char *)element->name;
}

static bool is_text(const xml_node *node)
{
    return (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) && node->content;
}

const char *xml_text(struct arena *arena, const xml_node *element)
{
    CLEANUP(text_release) struct text text = {0};
    text_append(&text, "", 0);
    for (const xml_node *node = element->children; node; node = node->next) {
        if (is_text(node))
            text_append(&text, node->content, strlen((const char *)node->content));
        else if (node->type != XML_COMMENT_NODE && node->type != XML_PI_NODE)
            return NULL;
    }
    return arena_strndup(arena, text.data, text.size);
}

bool xml_has_stray_text(const xml_node *element)
{
    for (const xml_node *node = element->children; node; node = node->next) {
        const char *content = is_text(node) ? (const char *)node->content : "";
        if (content[strspn(content, " \t\r\n")] || node->type == XML_ENTITY_REF_NODE)
            return true;
    }
    return false;
}

void xml_add(struct text *out, const char *name, const char *value)
{
    static const struct {
        char c;
        const char *escaped;
    } rows[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\r', "&#13;"}};
    text_add(out, "<%s>", name);
    for (; *value; value++) {
        const char *escaped = NULL;
        for (size_t i = 0; i < COUNT(rows); i++) {
            if (rows[i].c == *value)
                escaped = rows[i].escaped;
        }
        text_append(out, escaped ? escaped : value, escaped ? strlen(escaped) : 1);
    }
    text_add(out, "</%s>", name);
}
