/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A setting is one line in one place.
 *
 * Each structure of job.json has one table in job/tables/ with one row per member. From that row
 * come the field of the C struct and the struct setting that parses, checks, documents and
 * reports it. The loops over the rows are in parse.c; nothing about a single setting is written
 * anywhere else, except what it does (its effect), in the file that the row names.
 *
 * A row:
 *
 *   SETTING(name, type, default, range, unit, support, effect, doc)
 *
 *   name     as in job.json; on the wire its first letter is lower case
 *   type     INT NUMBER STRING ENUM(tag) OBJECT(tag), lists INTS NUMBERS STRINGS
 *            ENUMS(tag) OBJECTS(tag),
 *            maps OBJECT_MAP(tag) STRING_MAP
 *   default  written as in job.json, {} for an object of defaults; NULL: none; REQUIRED: must
 *            be given
 *   range    ANY, RANGE(lo, hi) for numbers, LENGTH(lo, hi) in characters, PATTERN(regex), or
 *            LENGTH_PATTERN(lo, hi, regex); lists mean each item
 *   unit     "bits/s", "frames", …; NULL: none
 *   support  EXACT CLOSE IGNORED REFUSED
 *   effect   AVOPTION(name): the encoder takes the value as it is; IN(file): used there; NOTHING
 *   doc      one line; for CLOSE it says what differs, for IGNORED and REFUSED why
 *
 * Fields keep MediaConvert's spelling, h264->GopSize, so that one word finds the job, the row,
 * the code and AWS's own pages. h264->has_GopSize says whether the job gave it; a field that was
 * not given holds its default, else 0 or NULL.
 */
#ifndef JOB_SETTING_H
#define JOB_SETTING_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum support {
    EXACT,   /* does what MediaConvert does */
    CLOSE,   /* nearest equivalent; doc says what differs */
    IGNORED, /* checked and echoed, changes nothing; a warning where it is given, unless what it
              * gives is the default or an empty list, which asks for nothing */
    REFUSED, /* real in MediaConvert; the job fails here rather than be faked, unless what it
              * gives is the default or an empty list, which asks for nothing */
};

/* Their names, and one line each on what they mean. */
extern const char *const support_names[REFUSED + 1], *const support_docs[REFUSED + 1];

enum setting_type {
    TYPE_INT,
    TYPE_NUMBER,
    TYPE_STRING,
    TYPE_ENUM,
    TYPE_OBJECT,
    TYPE_INTS,
    TYPE_NUMBERS,
    TYPE_STRINGS,
    TYPE_ENUMS,
    TYPE_OBJECTS,
    TYPE_OBJECT_MAP,
    TYPE_STRING_MAP,
};

/* A value of an enum; an array of them ends with a NULL name, its order is the C enum's. */
struct choice {
    const char *name;
    enum support support; /* EXACT: as the row says; IGNORED warns, REFUSED fails, both with why */
    const char *why;
};

struct setting {
    const char *name;
    enum setting_type type;
    size_t offset;                    /* of the field, in the struct that this table describes */
    size_t has_offset;                /* of its has_ field */
    const struct choice *choices;     /* ENUM, ENUMS */
    const struct structure *children; /* OBJECT, OBJECTS, OBJECT_MAP */
    const char *default_;             /* written as in job.json; NULL: none */
    double min, max;     /* numbers: both allowed; strings: length; infinite: no limit */
    const char *pattern; /* AWS's regular expression, see pattern.h; or NULL */
    const char *unit;
    enum support support;
    const char *avoption; /* encoder option that takes the value as it is; or NULL */
    const char *where;    /* the file under src/ that uses it; or NULL */
    const char *doc;
};

/* A structure of job.json: its name in AWS's model, its C size, its rows up to a NULL name. */
struct structure {
    const char *name;
    size_t size;
    const struct setting *rows;
};

/* First in the C struct of every structure: where the job says it. */
struct place {
    const char *pointer; /* wire form, relative to the settings: "/outputGroups/0/outputs/1" */
    const char *name;    /* the key in an OBJECT_MAP, "Audio Selector 1"; else NULL */
    bool broken;         /* while it is checked: an enum or a list in it could not be read, so that
                          * rules cannot tell what was meant */
};

struct int_list {
    int count;
    int64_t *items; /* ENUMS: values of the C enum */
};

struct number_list {
    int count;
    double *items;
};

struct string_list {
    int count;
    const char **items;
};

struct string_map {
    int count;
    const char **keys, **values;
};

/* The C side of a row. Lists of objects end with NULL and are never NULL themselves. */
#define C_INT                         int64_t
#define C_NUMBER                      double
#define C_STRING                      const char *
#define C_ENUM(tag)                   enum tag
#define C_OBJECT(tag)                 struct tag *
#define C_INTS                        struct int_list
#define C_NUMBERS                     struct number_list
#define C_STRINGS                     struct string_list
#define C_ENUMS(tag)                  struct int_list
#define C_OBJECTS(tag)                struct tag **
#define C_OBJECT_MAP(tag)             struct tag **
#define C_STRING_MAP                  struct string_map

#define T_INT                         .type = TYPE_INT
#define T_NUMBER                      .type = TYPE_NUMBER
#define T_STRING                      .type = TYPE_STRING
#define T_ENUM(tag)                   .type = TYPE_ENUM, .choices = tag##_choices
#define T_OBJECT(tag)                 .type = TYPE_OBJECT, .children = &tag##_structure
#define T_INTS                        .type = TYPE_INTS
#define T_NUMBERS                     .type = TYPE_NUMBERS
#define T_STRINGS                     .type = TYPE_STRINGS
#define T_ENUMS(tag)                  .type = TYPE_ENUMS, .choices = tag##_choices
#define T_OBJECTS(tag)                .type = TYPE_OBJECTS, .children = &tag##_structure
#define T_OBJECT_MAP(tag)             .type = TYPE_OBJECT_MAP, .children = &tag##_structure
#define T_STRING_MAP                  .type = TYPE_STRING_MAP

#define ANY                           .min = -INFINITY, .max = INFINITY
#define RANGE(lo, hi)                 .min = (lo), .max = (hi)
#define LENGTH(lo, hi)                .min = (lo), .max = (hi)
#define PATTERN(regex)                ANY, .pattern = regex

#define LENGTH_PATTERN(lo, hi, regex) .min = (lo), .max = (hi), .pattern = regex

#define AVOPTION(name)                .avoption = name
#define IN(file)                      .where = file
#define NOTHING                       .where = NULL

extern const char setting_required[]; /* what REQUIRED puts into the default column */
#define REQUIRED setting_required

#define FIELD(name, type, ...)                                                                     \
    C_##type name;                                                                                 \
    bool has_##name;
#define ROW(name_, type_, default__, range_, unit_, support_, effect_, doc_)                       \
    {.name = #name_,                                                                               \
     .offset = offsetof(struct STRUCTURE, name_),                                                  \
     .has_offset = offsetof(struct STRUCTURE, has_##name_),                                        \
     T_##type_,                                                                                    \
     range_,                                                                                       \
     effect_,                                                                                      \
     .default_ = default__,                                                                        \
     .unit = unit_,                                                                                \
     .support = support_,                                                                          \
     .doc = doc_},

#endif
