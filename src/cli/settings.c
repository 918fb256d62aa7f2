/* SPDX-License-Identifier: Apache-2.0 */
/* `settings`: what a job may say, and how far each is done. */
#include <stdio.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "job/describe.h"

struct arguments {
    bool json, coverage, markdown;
};

static const struct option options[] = {
    {"json", 0, NULL, "print an array, for a program", OPTION_FLAG,
     offsetof(struct arguments, json)},
    {"coverage", 0, NULL, "count them by support", OPTION_FLAG,
     offsetof(struct arguments, coverage)},
    {"markdown", 0, NULL, "print docs/settings.md", OPTION_FLAG,
     offsetof(struct arguments, markdown)},
    {0},
};

int settings_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    const char *name;
    int status = options_read("settings", options, argc, argv, &arguments, &name);
    if (status != OPTIONS_READ)
        return status;
    if (name && !describe_has(name)) {
        fprintf(stderr, "error: no structure and no setting is called '%s'\n", name);
        return EXIT_REFUSED;
    }
    if (arguments.json) {
        print_json(arguments.coverage ? describe_coverage_json() : describe_json(name));
        return EXIT_DONE;
    }

    CLEANUP(text_release) struct text out = {0};
    if (arguments.markdown)
        describe_markdown(&out);
    else if (arguments.coverage)
        describe_coverage(&out);
    else
        describe_text(name, &out);
    fputs(out.data, stdout);
    return EXIT_DONE;
}
