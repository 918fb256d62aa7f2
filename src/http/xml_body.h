/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of requests that are XML, checked by a table: what may stand in an element, how often, and
 * what it may say. What is not in the table is refused, so nothing that somebody asks for is passed
 * over. The order of elements does not count, nor does their namespace.
 *
 *   static const struct xml_member report[] = {
 *       {"Enabled", XML_FLAG, .least = 1},
 *       {"Prefix", XML_TEXT, .min = 1, .max = 512},
 *       {0},
 *   };
 *   static const struct xml_member request[] = {{"Report", XML_STRUCTURE, .members = report}, {0}};
 *
 *   CLEANUP(xml_free) struct xml *xml = NULL;
 *   if (xml_body(call, "CreateJobRequest", request, &xml, err) < 0)
 *       return -1;
 *   const char *prefix = xml_member_text(call, xml_child(xml_root(xml), "Report"), "Prefix");
 */
#ifndef HTTP_XML_BODY_H
#define HTTP_XML_BODY_H

#include "http/call.h"
#include "s3/xml.h"

enum xml_type {
    XML_TEXT,
    XML_FLAG,      /* "true" or "false" */
    XML_NUMBER,    /* min..max */
    XML_STRUCTURE, /* has members */
};

struct xml_member {
    const char *name; /* NULL ends a table */
    enum xml_type type;
    int least, most;            /* how often it is there; most 0: once */
    int64_t min, max;           /* of a text the length in characters; max 0: no limit */
    const char *pattern;        /* an extended regular expression that the whole text matches */
    const char *const *choices; /* NULL ends */
    const struct xml_member *members;
    const char *refused; /* why there is no such thing here */
};

/* @retval -1  ERROR_BAD_REQUEST: it is no such document; the message says what is wrong where */
int xml_body(struct call *call, const char *root, const struct xml_member *members,
             struct xml **ret, struct error *err) MUST_CHECK;

/* The value of a member of a body that was checked, in the call's arena; NULL where it is not
 * there, also where `element` is NULL. */
const char *xml_member_text(struct call *call, const xml_node *element, const char *name);

/* The value of a flag; `otherwise` where it is not there. */
bool xml_member_flag(struct call *call, const xml_node *element, const char *name, bool otherwise);

#endif
