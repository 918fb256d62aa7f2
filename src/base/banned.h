/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that are easily misused do not compile. Forced into every file by CMakeLists.txt. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok gmtime localtime

#endif
