/* poison: tells AddressSanitizer that memory is not to be touched; nothing in other builds. */
#ifndef SKIFF_BASE_POISON_H
#define SKIFF_BASE_POISON_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SKIFF_POISONS
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SKIFF_POISONS
#endif

#ifdef SKIFF_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#endif
