/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands, one file each, listed in commands.def. Both programs print the same help from that
 * list; each brings the commands that it links.
 *
 * A command's main gets its own name as argv[0], prints results to stdout and everything else to
 * stderr, and returns the exit status.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>

enum exit_status {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,  /* the job failed; its ErrorCode stands in the message */
    EXIT_REFUSED = 2, /* the job or the command line was refused */
};

#define DATA_DEFAULT "./data" /* --data of the server, and of who looks at what it keeps */

typedef int command_main(int argc, char **argv);

command_main run_main, validate_main, plan_main, probe_main, settings_main, worker_main, serve_main,
    inventory_main, logs_main, batch_main;

struct command {
    const char *name, *operand, *summary;
};

/* In the order of commands.def; a NULL name ends them. */
extern const struct command commands[];

/* Runs the command that argv[1] names, or answers --help, or --version with `version`. `mains` are
 * in the order of commands.def, NULL for a command that this program does not have. Returns the
 * exit status. */
int command_dispatch(command_main *const mains[], const char *version, int argc, char **argv);

struct cJSON;
struct error;

/* Prints it to stdout and deletes it. */
void print_json(struct cJSON *object);

/* "warning: …" on stderr. The message may quote job text and file names, which are made harmless.
 */
void print_message(const char *kind, const char *message);

/* Prints why a job failed, "error: ErrorCode 1076: Source Read Error: …", and for a program
 * {status, errorCode, errorMessage} to stdout; returns EXIT_FAILED, or EXIT_REFUSED where the
 * command line asks for what cannot be. */
int fail(const struct error *err, bool json);

#endif
