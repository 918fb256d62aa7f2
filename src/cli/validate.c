/* SPDX-License-Identifier: Apache-2.0 */
/* `validate`: every error and warning of a job, or of a request that stores a part of one, at
 * once; nothing is opened but its file. */
#include <stdio.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "job/file.h"
#include "job/job.h"

struct arguments {
    bool json, strict;
};

static const struct option options[] = {
    {"json", 0, NULL, "print an array of findings, for a program", OPTION_FLAG,
     offsetof(struct arguments, json)},
    {"strict", 0, NULL, "refuse a job that has warnings, too", OPTION_FLAG,
     offsetof(struct arguments, strict)},
    {0},
};

static void print_findings(const struct findings *findings, bool json, const char *file,
                           const char *text, size_t size)
{
    if (json) {
        print_json(findings_json(findings, text, size));
        return;
    }
    CLEANUP(text_release) struct text lines = {0};
    findings_print(findings, job_file_name(file), text, size, &lines);
    if (lines.size)
        fputs(lines.data, stderr);
    if (findings->errors || findings->warnings)
        fprintf(stderr, "%d error%s, %d warning%s\n", findings->errors,
                findings->errors == 1 ? "" : "s", findings->warnings,
                findings->warnings == 1 ? "" : "s");
}

static void check(struct arena *arena, const struct json *root, struct findings *findings)
{
    const struct structure *stored = job_stored_request(root);
    if (stored)
        job_check_stored(arena, stored, root, findings);
    else if (!job_new(arena, root, JOB_LOCAL_FILES, findings))
        return; /* the findings say why */
}

int validate_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    const char *file;
    int status = options_read("validate", options, argc, argv, &arguments, &file);
    if (status != OPTIONS_READ)
        return status;

    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *text;
    size_t size;
    struct error err;
    struct findings findings;
    findings_init(&findings, arena);
    if (job_file_read(arena, file, &text, &size, &err) < 0) {
        char message[ERROR_TEXT];
        findings_add(&findings, FINDING_ERROR, "", JSON_NOWHERE, "%s",
                     error_text(&err, message, sizeof(message)));
        if (arguments.json)
            print_json(findings_json(&findings, "", 0));
        print_message("error", findings.items[0].message);
        return EXIT_REFUSED;
    }

    struct json *root = job_read(arena, text, size, &findings);
    if (root)
        check(arena, root, &findings);
    print_findings(&findings, arguments.json, file, text, size);
    bool fine = !findings.errors && !(arguments.strict && findings.warnings);
    return fine ? EXIT_DONE : EXIT_REFUSED;
}
