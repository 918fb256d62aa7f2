/* SPDX-License-Identifier: Apache-2.0 */
/* S3's answers, and requests that look like them, are small XML documents from somebody who is not
 * trusted: no document type, no entities of its own, no network. Elements are found by name,
 * whatever their namespace. */
#ifndef S3_XML_H
#define S3_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct xml;                       /* a document */
typedef struct _xmlNode xml_node; /* an element of it */

/* NULL if it is not well-formed or has a document type. */
struct xml *xml_parse(const char *text, size_t size);
void xml_free(struct xml **xml);

const xml_node *xml_root(const struct xml *xml);
bool xml_is(const xml_node *element, const char *name);

/* The first child element, and the next sibling, of that name; NULL if there is none, also where
 * `element` is NULL. */
const xml_node *xml_child(const xml_node *element, const char *name);
const xml_node *xml_next(const xml_node *element, const char *name);

/* What stands in a child element; "" if nothing does. */
const char *xml_value(const xml_node *element, const char *child);
const char *xml_content(const xml_node *element);

/* The first child element, and the next sibling, whatever they are called. */
const xml_node *xml_first(const xml_node *element);
const xml_node *xml_following(const xml_node *element);
const char *xml_name(const xml_node *element);

/* All that stands in an element that has no others in it, in the arena; NULL if it has. */
const char *xml_text(struct arena *arena, const xml_node *element);

/* Whether anything but white space stands between an element's children. */
bool xml_has_stray_text(const xml_node *element);

/* Adds <name>value</name>, escaped. */
void xml_add(struct text *out, const char *name, const char *value);

#endif
