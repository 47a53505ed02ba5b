#!/bin/bash
exec start-with-settings bin/elasticsearch
