/* SPDX-License-Identifier: Apache-2.0 */
/* A line at the bottom of a terminal that is written again and again. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* Whether a person looks at it and it can go back to the start of a line. */
bool terminal_is(FILE *stream);

/* Its width now; 80 where it does not say. */
int terminal_columns(FILE *stream);

/* Puts `text` (ASCII, one line) in place of the line before; "" clears it. */
void terminal_replace(FILE *stream, const char *text);

#endif
