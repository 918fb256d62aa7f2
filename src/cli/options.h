/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command's options: one table, from which they are parsed and --help is printed.
 *
 *   struct arguments {
 *       bool json;
 *       int speed;
 *       const char *input;
 *   };
 *   static const char *const speeds[] = {"normal", "draft", NULL};
 *   static const struct option table[] = {
 *       {"json", 0, NULL, "print JSON", OPTION_FLAG, offsetof(struct arguments, json)},
 *       {"speed", 's', NULL, "…", OPTION_CHOICE, offsetof(struct arguments, speed), speeds},
 *       {"input", 'i', "URI", "…", OPTION_TEXT, offsetof(struct arguments, input)},
 *       {0},
 *   };
 *   struct arguments arguments = {0};
 *   const char *file;
 *   int status = options_read("run", table, argc, argv, &arguments, &file);
 *   if (status != OPTIONS_READ)
 *       return status;
 *
 * Options and the operand may come in any order: --name VALUE, --name=VALUE, -n VALUE; after
 * "--" everything is an operand.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_type {
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* const char *; points into argv */
    OPTION_LIST,   /* struct option_list; may be given again and again */
    OPTION_NUMBER, /* int, within min..max */
    OPTION_CHOICE, /* int: the index in choices */
};

struct option {
    const char *name;     /* without its dashes */
    char letter;          /* 0: none */
    const char *argument; /* what --help calls it; a choice's are its choices */
    const char *doc;
    enum option_type type;
    size_t offset;              /* of the field in the command's struct */
    const char *const *choices; /* NULL ends */
    int min, max;
};

enum { OPTION_LIST_MAX = 64 };

struct option_list {
    int count;
    const char *items[OPTION_LIST_MAX];
};

enum { OPTIONS_READ = -1 };

/**
 * Reads argv into `fields`, and the operand, which is one word: "JOB.json" must be given,
 * "[NAME]" may be (NULL if not), "" takes none, as commands.def says.
 *
 * @return OPTIONS_READ, or the exit status of the command: help was asked for and printed, or
 *         stderr says what is wrong
 */
int options_read(const char *command, const struct option *table, int argc, char **argv,
                 void *fields, const char **ret_operand);

/* The one of `names` (NULL ends) that somebody may have meant by `word`; NULL if none is near. */
const char *nearest_name(const char *word, const char *const *names);

#endif
