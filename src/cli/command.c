/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/macros.h"
#include "base/text.h"
#include "cli/options.h"

const struct command commands[] = {
#define COMMAND(name, operand, summary, program) {#name, operand, summary},
#include "cli/commands.def"
#undef COMMAND
    {0},
};

static void print_help(command_main *const mains[])
{
    puts("Usage: mediaconvert-local COMMAND ...\n\n"
         "Runs the job.json of AWS Elemental MediaConvert on this machine.\n\n"
         "Commands:");
    for (int i = 0; commands[i].name; i++) {
        if (mains[i])
            printf("  %-9s %-11s  %s\n", commands[i].name, commands[i].operand,
                   commands[i].summary);
    }
    puts("\n'mediaconvert-local COMMAND --help' says more about each; --version prints versions.\n"
         "Exit status: 0 done, 1 the job failed, 2 the job or the command line was refused.");
}

static int refuse(const char *word)
{
    const char *names[COUNT(commands)] = {NULL};
    for (int i = 0; commands[i].name; i++)
        names[i] = commands[i].name;

    bool option = word[0] == '-';
    const char *near = option ? NULL : nearest_name(word, names);
    fprintf(stderr, "mediaconvert-local: no %s '%s'", option ? "option" : "command", word);
    if (near)
        fprintf(stderr, "; did you mean '%s'?", near);
    fputs("\nSee 'mediaconvert-local --help'.\n", stderr);
    return EXIT_REFUSED;
}

static int answer(command_main *const mains[], const char *version, int argc, char **argv)
{
    if (argc < 2) {
        fputs("mediaconvert-local: which command? See 'mediaconvert-local --help'.\n", stderr);
        return EXIT_REFUSED;
    }
    const char *word = argv[1];
    if (!strcmp(word, "--version")) {
        puts(version);
        return EXIT_DONE;
    }
    if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help")) {
        print_help(mains);
        return EXIT_DONE;
    }
    for (int i = 0; commands[i].name; i++) {
        if (mains[i] && !strcmp(word, commands[i].name))
            return mains[i](argc - 1, argv + 1);
    }
    return refuse(word);
}

int command_dispatch(command_main *const mains[], const char *version, int argc, char **argv)
{
    int status = answer(mains, version, argc, argv);
    if (!fflush(stdout) && !ferror(stdout))
        return status;
    perror("mediaconvert-local: cannot write the result");
    return status ? status : EXIT_FAILED;
}

void print_json(struct cJSON *object)
{
    char *text = cJSON_Print(object);
    puts(text);
    cJSON_free(text);
    cJSON_Delete(object);
}

void print_message(const char *kind, const char *message)
{
    CLEANUP(text_release) struct text line = {0};
    text_add(&line, "%s: ", kind);
    text_add_printable(&line, message, strlen(message));
    fprintf(stderr, "%s\n", line.data);
}

/* {status, errorCode, errorMessage} */
static cJSON *error_to_json(const struct error *err)
{
    char text[2048];
    cJSON *object = cJSON_CreateObject();
    bool canceled = err->kind == ERROR_CANCELED;
    cJSON_AddStringToObject(object, "status", canceled ? "CANCELED" : "ERROR");
    if (!canceled) {
        cJSON_AddNumberToObject(object, "errorCode", error_code(err));
        cJSON_AddStringToObject(object, "errorMessage", error_text(err, text, sizeof(text)));
    }
    return object;
}

int fail(const struct error *err, bool json)
{
    char text[2048];
    CLEANUP(text_release) struct text message = {0};
    text_add(&message, "ErrorCode %d: %s: %s", error_code(err), error_title(err->kind),
             error_text(err, text, sizeof(text)));
    if (err->kind == ERROR_CANCELED)
        fputs("canceled\n", stderr);
    else
        print_message("error", err->kind == ERROR_BAD_REQUEST ? text : message.data);
    if (json)
        print_json(error_to_json(err));
    return err->kind == ERROR_BAD_REQUEST ? EXIT_REFUSED : EXIT_FAILED;
}
