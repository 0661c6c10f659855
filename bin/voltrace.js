#!/usr/bin/env node
import '../dist/apps/ctl/main.js';
