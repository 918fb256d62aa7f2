/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of destinations and of what is added to them: they hold whatever the input is. */
#include <ctype.h>
#include <string.h>

#include "job/rules.h"

enum { KEY_BYTES = 1024, BUCKET_BYTES = 255 };

/* The first ones are known before an output is: they may stand in a Destination. The last ones
 * are for DASH segments, whose player puts them in. */
static const char *const identifiers[] = {
    "dt", "d", "t", "fn", "",       "rv",   "ra",        "rc",
    "w",  "h", "f", "ex", "Number", "Time", "Bandwidth", "RepresentationID"};
enum { IN_DESTINATION = 4, IN_OUTPUTS = 12 };

/* Whether the text is "h" or "h%04", at least so many digits: what is between two dollars. */
static bool is_identifier(const char *text, size_t length, size_t known)
{
    const char *percent = memchr(text, '%', length);
    size_t name = percent ? (size_t)(percent - text) : length;
    if (percent) {
        int digits = 0;
        for (const char *c = percent + 1; c < text + length; c++) {
            if (!isdigit((unsigned char)*c) || digits > 20)
                return false;
            digits = digits * 10 + *c - '0';
        }
        if (name + 1 == length || digits > 20)
            return false;
    }
    for (size_t i = 0; i < known; i++)
        if (strlen(identifiers[i]) == name && memcmp(identifiers[i], text, name) == 0)
            return true;
    return false;
}

static void check_identifiers(const struct scope *scope, const struct place *place,
                              const char *member, const char *value, size_t known)
{
    const char *end;
    for (const char *c = value; c && (c = strchr(c, '$')) && (end = strchr(c + 1, '$'));
         c = end + 1) {
        size_t length = (size_t)(end - c - 1);
        if (is_identifier(c + 1, length, known))
            continue;
        refuse(scope, place, member, "Unknown format identifier [$%.*s$]",
               (int)(length < 100 ? length : 100), c + 1);
        return;
    }
}

void rule_destination(const struct scope *scope)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const struct place *place = scope->package->place;
    const char *destination = scope->package->destination;
    if (!destination)
        return;
    const char *bucket = destination + strlen("s3://");
    size_t length = strcspn(bucket, "/");
    const char *key = bucket[length] ? bucket + length + 1 : "";
    if (length == 0 || length > BUCKET_BYTES || *bucket == '.' || strspn(bucket, allowed) < length)
        refuse(scope, place, "Destination",
               "Should name a bucket: letters, digits, '.', '_' and '-', after s3://");
    else if (strlen(key) > KEY_BYTES)
        refuse(scope, place, "Destination", "Should NOT have a key of more than %d bytes",
               KEY_BYTES);
}

void rule_base_identifiers(const struct scope *scope)
{
    const struct place *place = scope->package->place;
    const char *destination = scope->package->destination;
    if (destination)
        check_identifiers(scope, place, "Destination", destination, IN_DESTINATION);
}

void rule_identifiers(const struct scope *scope)
{
    const struct output *output = scope->output;
    const struct hls_settings *hls = output->OutputSettings->HlsSettings;
    int kind = group_kind(scope->group);
    check_identifiers(scope, &output->place, "NameModifier", output->NameModifier,
                      kind == GROUP_DASH ? COUNT(identifiers) : IN_OUTPUTS);
    if (kind == GROUP_HLS)
        check_identifiers(scope, &hls->place, "SegmentModifier", hls->SegmentModifier, IN_OUTPUTS);
}

/* Whether the output's NameModifier has "$Number$", …. */
static bool has_identifier(const struct output *output, const char *identifier)
{
    return output->NameModifier && strstr(output->NameModifier, identifier);
}

void rule_dash_identifiers(const struct scope *scope)
{
    static const char *const alike[] = {"$Number$", "$Time$"};
    struct output **outputs = scope->group->Outputs;
    if (group_kind(scope->group) != GROUP_DASH || !outputs[0])
        return;
    for (struct output **o = outputs + 1; *o; o++)
        for (size_t i = 0; i < COUNT(alike); i++)
            if (has_identifier(*o, alike[i]) != has_identifier(outputs[0], alike[i]))
                refuse(scope, &(*o)->place, "NameModifier",
                       "%s should be in all outputs or in none", alike[i]);
}
