#pragma once

// Replaces the C library's getaddrinfo(3) for names; addresses and localhost are not affected. Does
// not answer until it is told to.
namespace postern::upstream::name_service {

// Whether lookups are answered, also those that wait: absent.test, empty.test, failing.test and
// refused.test by an error each, every other name by 192.0.2.7. Forgets how many there were.
void answers(bool does);
// Lookups since the last answers().
int asked();
void waitUntilAsked();

}  // namespace postern::upstream::name_service
