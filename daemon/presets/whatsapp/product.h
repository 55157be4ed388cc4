#pragma once

#include "config/format.h"

// The WhatsApp Business on-premises client.
namespace postern::presets::whatsapp {

extern const config::JsonFormat kStatisticsFormat;  // whatsapp_json: /metrics and /v1/stats/*
extern const config::JsonFormat kHealthFormat;      // whatsapp_health: /v1/health

}  // namespace postern::presets::whatsapp
