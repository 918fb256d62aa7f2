/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "cli/command.h"

/* --- what somebody may have meant --- */

const char *nearest_name(const char *word, const char *const *names)
{
    const char *nearest = NULL;
    int best = (int)strlen(word) / 3 + 2; // what is farther is another word
    for (; *names; names++) {
        int d = text_distance(word, *names);
        if (d < best) {
            best = d;
            nearest = *names;
        }
    }
    return nearest;
}

/* --- help --- */

static const struct command *command_called(const char *name)
{
    const struct command *command = commands;
    while (strcmp(command->name, name))
        command++;
    return command;
}

/* "-s, --speed normal|draft" */
static void add_heading(struct text *text, const struct option *option)
{
    if (option->letter)
        text_add(text, "-%c, ", option->letter);
    else
        text_add(text, "    ");
    text_add(text, "--%s", option->name);
    for (int i = 0; option->type == OPTION_CHOICE && option->choices[i]; i++)
        text_add(text, "%c%s", i ? '|' : ' ', option->choices[i]);
    if (option->type != OPTION_FLAG && option->type != OPTION_CHOICE)
        text_add(text, " %s", option->argument);
}

static void print_help(const struct command *command, const struct option *table)
{
    printf("Usage: mediaconvert-local %s [OPTION ...] %s\n\n%c%s.\n\nOptions:\n", command->name,
           command->operand, toupper((unsigned char)command->summary[0]), command->summary + 1);
    for (const struct option *option = table; option->name; option++) {
        CLEANUP(text_release) struct text heading = {0};
        add_heading(&heading, option);
        printf("  %-34s %s\n", heading.data, option->doc);
    }
    printf("  %-34s %s\n", "-h, --help", "print this");
}

/* --- reading --- */

struct reader {
    const struct command *command;
    const struct option *table;
    char **next; /* the words not read yet */
    void *fields;
    const char *operand;
};

static int refuse(const struct reader *r, const char *fmt, ...) PRINTF(2, 3);

static int refuse(const struct reader *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "mediaconvert-local %s: ", r->command->name);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\nSee 'mediaconvert-local %s --help'.\n", r->command->name);
    va_end(args);
    return EXIT_REFUSED;
}

static int refuse_unknown(const struct reader *r, const char *word, size_t length)
{
    enum { MANY = 64 };
    const char *names[MANY + 1] = {NULL};
    for (int i = 0; i < MANY && r->table[i].name; i++)
        names[i] = r->table[i].name;

    CLEANUP(text_release) struct text name = {0};
    text_append(&name, word, length);
    const char *near = strncmp(name.data, "--", 2) ? NULL : nearest_name(name.data + 2, names);
    if (near)
        return refuse(r, "no option '%s'; did you mean '--%s'?", name.data, near);
    return refuse(r, "no option '%s'", name.data);
}

static const struct option *find(const struct option *table, const char *word, size_t length)
{
    for (const struct option *option = table; option->name; option++) {
        bool by_letter = length == 2 && option->letter && word[1] == option->letter;
        bool by_name = length > 2 && length - 2 == strlen(option->name) &&
                       !strncmp(word, "--", 2) && !strncmp(word + 2, option->name, length - 2);
        if (by_letter || by_name)
            return option;
    }
    return NULL;
}

static int read_number(const struct reader *r, const struct option *option, const char *value,
                       int *ret)
{
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (end == value || *end || errno || number < option->min || number > option->max)
        return refuse(r, "--%s takes a number from %d to %d, not '%s'", option->name, option->min,
                      option->max, value);
    *ret = (int)number;
    return OPTIONS_READ;
}

static int read_choice(const struct reader *r, const struct option *option, const char *value,
                       int *ret)
{
    CLEANUP(text_release) struct text all = {0};
    for (int i = 0; option->choices[i]; i++) {
        if (!strcmp(option->choices[i], value)) {
            *ret = i;
            return OPTIONS_READ;
        }
        text_add(&all, "%s%s", i ? ", " : "", option->choices[i]);
    }
    return refuse(r, "--%s takes one of %s, not '%s'", option->name, all.data, value);
}

static int read_value(const struct reader *r, const struct option *option, const char *value)
{
    void *field = (char *)r->fields + option->offset;
    struct option_list *list = field;
    switch (option->type) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return OPTIONS_READ;
    case OPTION_TEXT:
        *(const char **)field = value;
        return OPTIONS_READ;
    case OPTION_LIST:
        if (list->count == OPTION_LIST_MAX)
            return refuse(r, "--%s is given more than %d times", option->name, OPTION_LIST_MAX);
        list->items[list->count++] = value;
        return OPTIONS_READ;
    case OPTION_NUMBER:
        return read_number(r, option, value, field);
    case OPTION_CHOICE:
        return read_choice(r, option, value, field);
    }
    return OPTIONS_READ;
}

static int read_option(struct reader *r, const char *word)
{
    size_t length = strcspn(word, "=");
    const char *value = word[length] ? word + length + 1 : NULL;
    const struct option *option = find(r->table, word, length);
    if (!option)
        return refuse_unknown(r, word, length);
    if (option->type == OPTION_FLAG && value)
        return refuse(r, "--%s takes no value", option->name);
    if (option->type != OPTION_FLAG && !value && !(value = *r->next++))
        return refuse(r, "--%s needs a value", option->name);
    return read_value(r, option, value);
}

static int read_operand(struct reader *r, const char *word)
{
    if (!r->command->operand[0])
        return refuse(r, "takes options only, not '%s'", word);
    if (r->operand)
        return refuse(r, "only one %s: '%s' and '%s'", r->command->operand, r->operand, word);
    r->operand = word;
    return OPTIONS_READ;
}

int options_read(const char *command, const struct option *table, int argc, char **argv,
                 void *fields, const char **ret_operand)
{
    (void)argc;
    struct reader r = {command_called(command), table, argv + 1, fields, NULL};
    bool options = true; // until "--"
    while (*r.next) {
        const char *word = *r.next++;
        int status = OPTIONS_READ;
        if (options && !strcmp(word, "--")) {
            options = false;
        } else if (options && (!strcmp(word, "--help") || !strcmp(word, "-h"))) {
            print_help(r.command, table);
            return EXIT_DONE;
        } else if (options && word[0] == '-' && word[1]) {
            status = read_option(&r, word);
        } else {
            status = read_operand(&r, word);
        }
        if (status != OPTIONS_READ)
            return status;
    }
    if (!r.operand && r.command->operand[0] && r.command->operand[0] != '[')
        return refuse(&r, "which %s?", r.command->operand);
    *ret_operand = r.operand;
    return OPTIONS_READ;
}
