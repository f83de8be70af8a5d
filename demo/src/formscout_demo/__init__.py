"""Harbour Goods: a small, lifelike business application for Formscout to discover."""
