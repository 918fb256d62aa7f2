/* SPDX-License-Identifier: Apache-2.0 */
#include "http/xml_body.h"

#include <inttypes.h>
#include <regex.h>
#include <string.h>

static bool matches(const char *pattern, const char *text)
{
    regex_t regex;
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
        abort(); // the table is wrong
    bool fits = !regexec(&regex, text, 0, NULL, 0);
    regfree(&regex);
    return fits;
}

static int check_choice(const struct xml_member *member, const char *text, struct error *err)
{
    CLEANUP(text_release) struct text all = {0};
    for (const char *const *choice = member->choices; *choice; choice++) {
        if (!strcmp(*choice, text))
            return 0;
        text_add(&all, "%s%s", choice == member->choices ? "" : ", ", *choice);
    }
    return error_set(err, ERROR_BAD_REQUEST, "it is one of %s, not '%.100s'", all.data, text);
}

static int check_text(const struct xml_member *member, const char *text, struct error *err)
{
    int64_t length = json_utf8_count(text);
    if (length < member->min || (member->max && length > member->max))
        return error_set(err, ERROR_BAD_REQUEST,
                         "it has %" PRId64 " to %" PRId64 " characters, not %" PRId64, member->min,
                         member->max, length);
    if (member->pattern && !matches(member->pattern, text))
        return error_set(err, ERROR_BAD_REQUEST, "'%.100s' does not match %s", text,
                         member->pattern);
    return member->choices ? check_choice(member, text, err) : 0;
}

static int check_number(const struct xml_member *member, const char *text, struct error *err)
{
    enum { DIGITS = 18 };
    size_t sign = *text == '-', digits = strspn(text + sign, "0123456789");
    int64_t value =
        digits && digits <= DIGITS && !text[sign + digits] ? strtoll(text, NULL, 10) : INT64_MIN;
    if (value < member->min || value > member->max)
        return error_set(err, ERROR_BAD_REQUEST,
                         "it is a number from %" PRId64 " to %" PRId64 ", not '%.40s'", member->min,
                         member->max, text);
    return 0;
}

static int check_structure(struct call *call, const xml_node *element,
                           const struct xml_member *members, struct error *err);

static int check_element(struct call *call, const xml_node *element,
                         const struct xml_member *member, struct error *err)
{
    if (member->refused)
        return error_set(err, ERROR_BAD_REQUEST, "%s", member->refused);
    if (member->type == XML_STRUCTURE)
        return check_structure(call, element, member->members, err);
    const char *text = xml_text(call->arena, element);
    if (!text)
        return error_set(err, ERROR_BAD_REQUEST, "no element stands in it");
    switch (member->type) {
    case XML_FLAG:
        return strcmp(text, "true") && strcmp(text, "false")
                   ? error_set(err, ERROR_BAD_REQUEST, "it is true or false, not '%.40s'", text)
                   : 0;
    case XML_NUMBER:
        return check_number(member, text, err);
    default:
        return check_text(member, text, err);
    }
}

static const struct xml_member *member_called(const struct xml_member *members, const char *name)
{
    while (members->name && strcmp(members->name, name))
        members++;
    return members->name ? members : NULL;
}

static int check_structure(struct call *call, const xml_node *element,
                           const struct xml_member *members, struct error *err)
{
    if (xml_has_stray_text(element))
        return error_set(err, ERROR_BAD_REQUEST, "only elements stand in it");
    for (const xml_node *child = xml_first(element); child; child = xml_following(child)) {
        const struct xml_member *member = member_called(members, xml_name(child));
        if (!member)
            return error_set(err, ERROR_BAD_REQUEST, "there is no '%.100s' in it", xml_name(child));
        if (check_element(call, child, member, err) < 0)
            return error_add(err, "%s", member->name);
    }
    for (const struct xml_member *member = members; member->name; member++) {
        int count = 0, most = member->most ? member->most : 1;
        for (const xml_node *child = xml_child(element, member->name); child;
             child = xml_next(child, member->name))
            count++;
        if (count < member->least)
            return error_set(err, ERROR_BAD_REQUEST, "'%s' is required", member->name);
        if (count > most)
            return error_set(err, ERROR_BAD_REQUEST, "'%s' is there %d times, and may be %d",
                             member->name, count, most);
    }
    return 0;
}

int xml_body(struct call *call, const char *root, const struct xml_member *members,
             struct xml **ret, struct error *err)
{
    CLEANUP(xml_free) struct xml *xml = xml_parse(call->body, call->body_size);
    if (!xml)
        return error_set(err, ERROR_BAD_REQUEST, "the body is no well-formed XML");
    if (!xml_is(xml_root(xml), root))
        return error_set(err, ERROR_BAD_REQUEST, "the body is a '%.100s', not a '%s'",
                         xml_name(xml_root(xml)), root);
    if (check_structure(call, xml_root(xml), members, err) < 0)
        return error_add(err, "%s", root);
    *ret = TAKE(xml);
    return 0;
}

const char *xml_member_text(struct call *call, const xml_node *element, const char *name)
{
    const xml_node *child = xml_child(element, name);
    return child ? xml_text(call->arena, child) : NULL;
}

bool xml_member_flag(struct call *call, const xml_node *element, const char *name, bool otherwise)
{
    const char *text = xml_member_text(call, element, name);
    return text ? !strcmp(text, "true") : otherwise;
}
